# break; loads; -; loads
s/u32 x; u32 y;/u32 y; u32 x;/
