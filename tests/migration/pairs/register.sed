# goes; loads; not; refused
s/version 1/version 2/
s/reg B/reg C @ 0x20 rw = 9; &/
