/* SPDX-License-Identifier: BSD-2-Clause */
/* The text of --help: the program's own options, then the device's parameters. */
#include "help.h"

#include <stdio.h>
#include <string.h>

#include "param.h"

#define COLUMN 28 /* where the explanations begin */

void help_begin(const struct mdl_device *device, const char *program)
{
	printf("Usage: %s [OPTION]... SOCKET\n"
	       "       %s [OPTION]... --fd=FDNUM\n",
	       program, program);
	if (device->doc)
		printf("%s: %s\n", device->name, device->doc);
	printf("Serves a %s (PCI %04x:%04x) to a vfio-user client such as QEMU.\n", device->name,
	       device->pci->vendor, device->pci->device);
	printf("\nOptions:\n");
}

/* Text that is too long for its column gets its own line. */
static void put_columns(const char *left, const char *right)
{
	if (!right || !*right)
		printf("%s\n", left);
	else if (strlen(left) + 2 > COLUMN)
		printf("%s\n%*s%s\n", left, COLUMN, "", right);
	else
		printf("%-*s%s\n", COLUMN, left, right);
}

void help_option(const struct help_line *line)
{
	char left[128];

	snprintf(left, sizeof(left), "  %c%c%c --%s%s%s", line->letter ? '-' : ' ',
		 line->letter ? line->letter : ' ', line->letter ? ',' : ' ', line->name,
		 line->value ? "=" : "", line->value ? line->value : "");
	put_columns(left, line->doc);
}

static const char *placeholder(const struct mdl_param *param)
{
	switch (param->type) {
	case MDL_PARAM_BOOL:
		return "[=BOOL]";
	case MDL_PARAM_ENUM:
		return "=NAME";
	case MDL_PARAM_PATH:
		return "=PATH";
	case MDL_PARAM_STRING:
		return "=TEXT";
	default:
		return "=N";
	}
}

static void help_param(const struct mdl_param *param)
{
	char left[128], allowed[512], value[256];

	snprintf(left, sizeof(left), "      --%s%s", param->name, placeholder(param));
	put_columns(left, param->doc);
	param_describe(param, allowed, sizeof(allowed));
	param_default(param, value, sizeof(value));
	printf("%*s%s%s%s\n", COLUMN, "", allowed, *value ? "; default: " : "", value);
}

void help_params(const struct mdl_device *device)
{
	if (device->nparams)
		printf("\nThe device's parameters:\n");
	for (uint32_t i = 0; i < device->nparams; i++)
		help_param(&device->params[i]);
}
