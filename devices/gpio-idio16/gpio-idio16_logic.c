// SPDX-License-Identifier: BSD-2-Clause
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>
#include "gpio-idio16.h"

void set_interrupt(struct gpio_idio16 *dev, bool enabled, unsigned status)
{
	dev->enabled = enabled;
	dev->reg.STATUS = (uint8_t)status;
	mdl_irq_set(dev, GPIO_IDIO16_IRQ_CHANGE, enabled && status);
}

/* A number is the state of all inputs; what changes while the interrupt is disabled is not latched. */
static void inputs_came(void *device, int fd, uint32_t events, void *arg)
{
	struct gpio_idio16 *dev = device;
	char text[512], *p = text, *end;
	ssize_t n = read(fd, text, sizeof(text) - 1);

	for (text[n > 0 ? n : 0] = '\0'; strtoul(p, &end, 0), end != p; p = end) {
		uint8_t lo = strtoul(p, NULL, 0) & 0xff, hi = strtoul(p, NULL, 0) >> 8 & 0xff;
		unsigned changed = (lo != dev->reg.IN_LO ? 5 : 0) | (hi != dev->reg.IN_HI ? 6 : 0);

		dev->reg.IN_LO = lo;
		dev->reg.IN_HI = hi;
		set_interrupt(dev, dev->enabled, dev->reg.STATUS | (dev->enabled ? changed : 0));
	}
}

void gpio_idio16_on_reset(struct gpio_idio16 *dev, enum mdl_reset_kind kind)
{
	set_interrupt(dev, false, 0);
	if (kind != MDL_RESET_POWER || !dev->inputs)
		return;
	mkfifo(dev->inputs, 0600);
	int fd = open(dev->inputs, O_RDWR | O_NONBLOCK | O_CLOEXEC); /* both ways: it never ends */
	if (fd < 0 || mdl_watch_fd(dev, fd, EPOLLIN, inputs_came, NULL) < 0)
		mdl_log(dev, MDL_LOG_ERROR, "--inputs=%s: %m", dev->inputs);
}
