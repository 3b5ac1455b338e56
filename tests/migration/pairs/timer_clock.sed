# break; loads; -; loads
s/timer late/timer late realtime/
