# break; refused; -; refused
s/fixed\[4\]/fixed[6]/
