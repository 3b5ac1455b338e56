# break; loads; -; refused
s/version 1/version 2/
s/B\[4\]/B[5]/
