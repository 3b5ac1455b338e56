// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "gpio-idio16.h"

/* Each number is a state of all inputs; what changes while the interrupt is off is not latched. */
static void inputs_came(void *device, int fd, uint32_t events, void *arg)
{
	struct gpio_idio16 *dev = device;
	char text[512] = "", *p = text, *end;

	if (read(fd, text, sizeof(text) - 1) <= 0)
		return;
	for (unsigned long in, old; in = strtoul(p, &end, 0), end != p; p = end) {
		old = dev->reg.IN_HI * 256ul + dev->reg.IN_LO;
		if (dev->reg.ENABLE)
			dev->reg.STATUS |= ((in ^ old) & 0xff ? 5 : 0) | ((in ^ old) & 0xff00 ? 6 : 0);
		dev->reg.IN_LO = in & 0xff;
		dev->reg.IN_HI = in >> 8 & 0xff;
		mdl_irq_set(dev, GPIO_IDIO16_IRQ_CHANGE, dev->reg.ENABLE && dev->reg.STATUS);
	}
}

void gpio_idio16_on_reset(struct gpio_idio16 *dev, enum mdl_reset_kind kind)
{
	if (kind != MDL_RESET_POWER || !dev->inputs)
		return;
	mkfifo(dev->inputs, 0600);
	int fd = open(dev->inputs, O_RDWR | O_NONBLOCK | O_CLOEXEC); /* both ways: it never ends */
	if (fd < 0 || mdl_watch_fd(dev, fd, EPOLLIN, inputs_came, NULL) < 0)
		mdl_log(dev, MDL_LOG_ERROR, "cannot open --inputs=%s", dev->inputs);
}
