# goes; loads; back; loads
s/version 1/version 2/
s/u32 n = 1;/& since 2 u8 z = 2;/
