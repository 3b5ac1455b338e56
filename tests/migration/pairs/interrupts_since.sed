# goes; loads; back; loads
s/version 1/version 2/
s/reg B/intr I since 2 { status ISR @ 0x80; enable IER @ 0x84; E [0] posedge -> one; } &/
