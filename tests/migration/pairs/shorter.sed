# break; refused; -; refused
s/version 1/version 2/
s/fixed\[4\]/fixed[2]/
