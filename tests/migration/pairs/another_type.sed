# break; refused; -; loads
s/u16 fixed\[4\]/bool fixed[4]/
