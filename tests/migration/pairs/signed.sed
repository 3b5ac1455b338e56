# break; loads; -; loads
s/u32 n/i32 n/
