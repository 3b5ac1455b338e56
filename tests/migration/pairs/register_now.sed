# break; refused; -; refused
s/reg B/reg C @ 0x20 rw = 9; &/
