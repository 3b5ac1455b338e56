# break; refused; -; refused
s/size 4K;/size 2K;/
