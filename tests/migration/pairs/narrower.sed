# break; loads; -; loads
s/version 1/version 2/
s/i16 s/i8 s/
