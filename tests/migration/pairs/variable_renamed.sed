# break; refused; -; refused
s/i16 s/i16 t/
