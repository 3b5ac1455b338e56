# goes; loads; back; loads
s/version 1/version 2/
s/log\[<= 8\]/log[<= 80]/
