# break; refused; -; refused
s/version 1/version 2/
s/u32 n = 1;/& u8 z = 2;/
