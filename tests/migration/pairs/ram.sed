# goes; loads; not; refused
s/version 1/version 2/
s/ram R/ram S @ 32K size 8K; &/
