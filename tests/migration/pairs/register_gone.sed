# break; refused; -; refused
s/version 1/version 2/
/reg A /d
