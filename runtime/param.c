/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters: the description's `param`s, set by name from text before the device starts. */
#include "param.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "suggest.h"

static void *place(struct mdl_dev *dev, const struct mdl_param *param)
{
	return (char *)dev->instance + param->store;
}

static void store_integer(struct mdl_dev *dev, const struct mdl_param *param, uint64_t value)
{
	number_put(place(dev, param), param->size, value);
}

static void store_text(struct mdl_dev *dev, const struct mdl_param *param, const char *text)
{
	memcpy(place(dev, param), &text, sizeof(text));
}

static void store_bool(struct mdl_dev *dev, const struct mdl_param *param, bool value)
{
	memcpy(place(dev, param), &value, sizeof(value));
}

static bool is_text(const struct mdl_param *param)
{
	return param->type == MDL_PARAM_STRING || param->type == MDL_PARAM_PATH;
}

int params_create(struct mdl_dev *dev)
{
	const struct mdl_device *desc = dev->desc;

	dev->param_texts = calloc(desc->nparams ? desc->nparams : 1, sizeof(char *));
	if (!dev->param_texts)
		return -ENOMEM;
	for (uint32_t i = 0; i < desc->nparams; i++) {
		const struct mdl_param *param = &desc->params[i];

		if (is_text(param))
			store_text(dev, param, param->text);
		else if (param->type == MDL_PARAM_BOOL)
			store_bool(dev, param, param->value != 0);
		else
			store_integer(dev, param, param->value);
	}
	return 0;
}

void params_destroy(struct mdl_dev *dev)
{
	for (uint32_t i = 0; dev->param_texts && i < dev->desc->nparams; i++)
		free(dev->param_texts[i]);
	free(dev->param_texts);
	dev->param_texts = NULL;
}

static bool same_name(const char *a, const char *b, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (a[i] != b[i] && !(a[i] == '-' && b[i] == '_'))
			return false;
	return !a[length];
}

const struct mdl_param *param_find(const struct mdl_device *device, const char *name, size_t length)
{
	for (uint32_t i = 0; i < device->nparams; i++)
		if (strlen(device->params[i].name) == length &&
		    same_name(device->params[i].name, name, length))
			return &device->params[i];
	return NULL;
}

static unsigned max_shift(const struct mdl_param *param)
{
	return 8u * (param->size < 8 ? param->size : 8u);
}

static uint64_t max_unsigned(const struct mdl_param *param)
{
	return UINT64_MAX >> (64 - max_shift(param));
}

static uint64_t max_signed(const struct mdl_param *param)
{
	return max_unsigned(param) >> 1;
}

static void describe_enum(const struct mdl_param *param, char *buf, size_t size)
{
	size_t used = (size_t)snprintf(buf, size, "one of");

	for (uint32_t i = 0; i < param->nvalues && used < size; i++)
		used += (size_t)snprintf(buf + used, size - used, "%s %s", i ? "," : "",
					 param->values[i].name);
}

void param_describe(const struct mdl_param *param, char *buf, size_t size)
{
	switch (param->type) {
	case MDL_PARAM_UINT:
		snprintf(buf, size, "an integer from 0 to %" PRIu64, max_unsigned(param));
		break;
	case MDL_PARAM_INT:
		snprintf(buf, size, "an integer from -%" PRIu64 " to %" PRIu64,
			 max_signed(param) + 1, max_signed(param));
		break;
	case MDL_PARAM_BOOL:
		snprintf(buf, size, "true or false");
		break;
	case MDL_PARAM_ENUM:
		describe_enum(param, buf, size);
		break;
	case MDL_PARAM_PATH:
		snprintf(buf, size, "a path");
		break;
	default:
		snprintf(buf, size, "a text");
	}
}

void param_default(const struct mdl_param *param, char *buf, size_t size)
{
	buf[0] = 0;
	if (is_text(param)) {
		snprintf(buf, size, "%s", param->text ? param->text : "");
		return;
	}
	if (param->type == MDL_PARAM_BOOL) {
		snprintf(buf, size, "%s", param->value ? "true" : "false");
		return;
	}
	for (uint32_t i = 0; i < param->nvalues; i++)
		if (param->values[i].value == param->value) {
			snprintf(buf, size, "%s", param->values[i].name);
			return;
		}
	if (param->type == MDL_PARAM_INT)
		snprintf(buf, size, "%" PRId64, (int64_t)param->value);
	else
		snprintf(buf, size, "%" PRIu64, param->value);
}

static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned)(c - 'A') + 10;
	return 99;
}

static const char *parse_digits(const char *p, unsigned base, uint64_t *number, bool *too_big)
{
	*number = 0;
	for (; digit_value(*p) < base; p++)
		if (__builtin_mul_overflow(*number, base, number) ||
		    __builtin_add_overflow(*number, digit_value(*p), number))
			*too_big = true;
	return p;
}

int parse_number(const char *text, uint64_t *number)
{
	static const char suffixes[] = "KMG";
	const char *p = text, *end, *suffix;
	unsigned base = 10;
	bool too_big = false;

	if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		base = 16;
	else if (p[0] == '0' && (p[1] == 'b' || p[1] == 'B'))
		base = 2;
	if (base != 10)
		p += 2;
	end = parse_digits(p, base, number, &too_big);
	if (end == p)
		return -EINVAL;
	suffix = *end ? strchr(suffixes, *end) : NULL;
	if (suffix) {
		end++;
		if (__builtin_mul_overflow(*number, UINT64_C(1024) << (10 * (suffix - suffixes)),
					   number))
			too_big = true;
	}
	if (*end)
		return -EINVAL;
	return too_big ? -ERANGE : 0;
}

static int set_integer(struct mdl_dev *dev, const struct mdl_param *param, const char *text)
{
	bool is_signed = param->type == MDL_PARAM_INT, negative = is_signed && *text == '-';
	uint64_t number, max = is_signed ? max_signed(param) + negative : max_unsigned(param);
	int rc = parse_number(text + negative, &number);

	if (rc)
		return rc;
	if (number > max)
		return -ERANGE;
	store_integer(dev, param, negative ? 0 - number : number);
	return 0;
}

static int set_bool(struct mdl_dev *dev, const struct mdl_param *param, const char *text)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(text, words[i])) {
			store_bool(dev, param, i % 2);
			return 0;
		}
	return -EINVAL;
}

static int set_enum(struct mdl_dev *dev, const struct mdl_param *param, const char *text)
{
	uint64_t number;

	for (uint32_t i = 0; i < param->nvalues; i++)
		if (!strcmp(text, param->values[i].name)) {
			store_integer(dev, param, param->values[i].value);
			return 0;
		}
	if (parse_number(text, &number))
		return -EINVAL;
	for (uint32_t i = 0; i < param->nvalues; i++)
		if (number == param->values[i].value) {
			store_integer(dev, param, number);
			return 0;
		}
	return -ERANGE;
}

static int set_text(struct mdl_dev *dev, const struct mdl_param *param, const char *text)
{
	char **slot = &dev->param_texts[param - dev->desc->params], *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	free(*slot);
	*slot = copy;
	store_text(dev, param, copy);
	return 0;
}

static int set_value(struct mdl_dev *dev, const struct mdl_param *param, const char *text)
{
	switch (param->type) {
	case MDL_PARAM_UINT:
	case MDL_PARAM_INT:
		return set_integer(dev, param, text);
	case MDL_PARAM_BOOL:
		return set_bool(dev, param, text);
	case MDL_PARAM_ENUM:
		return set_enum(dev, param, text);
	default:
		return set_text(dev, param, text);
	}
}

int mdl_param_set(struct mdl_dev *dev, const char *name, const char *value)
{
	const struct mdl_param *param = param_find(dev->desc, name, strlen(name));
	char allowed[512];
	int rc;

	if (!param) {
		log_error(dev, "there is no parameter '%s'", name);
		return -ENOENT;
	}
	if (dev->started) {
		log_error(dev, "parameter '%s' cannot be set once the device has started", name);
		return -EBUSY;
	}
	rc = set_value(dev, param, value);
	if (rc == -EINVAL || rc == -ERANGE) {
		param_describe(param, allowed, sizeof(allowed));
		log_error(dev, "--%s: '%s' is not %s", param->name, value, allowed);
	}
	return rc;
}
