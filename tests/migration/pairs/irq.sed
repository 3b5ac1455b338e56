# break; refused; -; refused
s/version 1/version 2/
s/irq two = 0;/& irq three = 0;/
