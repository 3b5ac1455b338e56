# break; refused; -; loads
s/section extra.*/u32 e = 1;/
/^			u32 e = 1;/,/^		}/d
