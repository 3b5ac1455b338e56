# goes; loads; back; loads
s/version 1/version 2/
s/i16 s/i64 s/
