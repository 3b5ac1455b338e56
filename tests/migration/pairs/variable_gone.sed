# break; refused; -; refused
s/version 1/version 2/
/i16 s/d
