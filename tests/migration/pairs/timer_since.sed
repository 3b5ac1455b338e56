# goes; loads; back; loads
s/version 1/version 2/
s/timer late/timer soon since 2 on expire %{ (void)dev; %}; &/
