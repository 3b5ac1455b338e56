# goes; loads; back; loads

