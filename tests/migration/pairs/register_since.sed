# goes; loads; back; loads
s/version 1/version 2/
s/reg B/reg C @ 0x20 rw = 9 since 2; &/
