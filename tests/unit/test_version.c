/* SPDX-License-Identifier: BSD-2-Clause */
/* VERSION: what is agreed, what is refused, and how long the answer may be. */
#include "core_device.h"

#define QEMU                                                                             \
	"{\"capabilities\": {\"max_msg_fds\": 8, \"max_data_xfer_size\": 1048576, "      \
	"\"pgsizes\": 4096, \"max_dma_maps\": 65535, \"migration\": {\"pgsize\": 4096, " \
	"\"max_bitmap_size\": 268435456}, \"write_multiple\": true}}"

static struct vu_header exchange(struct pair *pair, const uint8_t *payload, size_t size,
				 char *reply, size_t max)
{
	static uint8_t buf[70000];

	memset(reply, 0, max);
	pair_send(pair, buf, put_message(buf, 1, VU_VERSION, 0, payload, size));
	pair_serve(pair);
	return pair_expect(pair, reply, max);
}

/* Offer this text; expect that one (NULL: a refusal with EINVAL). */
static void offer(const char *json, const char *expected)
{
	struct pair *pair = pair_open();
	uint8_t payload[4096] = {0};
	char reply[4096];
	size_t size = 4 + strlen(json) + 1;
	struct vu_header header;

	memcpy(payload + 4, json, strlen(json) + 1);
	header = exchange(pair, payload, size, reply, sizeof(reply));
	assert_int_equal(header.flags, expected ? 1 : 0x21);
	assert_int_equal(header.error, expected ? 0 : EINVAL);
	assert_true(header.size <= VU_HEADER_SIZE + size);
	assert_int_equal(conn_limits(pair->dev)->negotiated, expected != NULL);
	if (expected) {
		assert_string_equal(reply + 4, expected);
		assert_int_equal(header.size, VU_HEADER_SIZE + 4 + strlen(expected) + 1);
	} else {
		assert_true(core_logged(&pair->log, "VERSION"));
		/* it may try again */
		pair_negotiate(pair);
	}
	pair_close(pair);
}

static void only_what_was_proposed(void **state)
{
	(void)state;
	offer("{}", "{}");
	offer("{\"capabilities\":{}}", "{\"capabilities\":{}}");
	offer("{\"unknown\":[1,{\"a\":null}],\"capabilities\":{\"more\":\"text\"}}",
	      "{\"capabilities\":{}}");
	offer("{\"capabilities\":{\"pgsizes\":4096}}", "{\"capabilities\":{\"pgsizes\":4096}}");
	offer("{\"capabilities\":{\"migration\":{}}}", "{\"capabilities\":{\"migration\":{}}}");
	offer("{\"capabilities\":{\"write_multiple\":false}}",
	      "{\"capabilities\":{\"write_multiple\":false}}");
	offer("{\"capabilities\":{\"twin_socket\":{\"supported\":false}}}",
	      "{\"capabilities\":{}}");
	offer(QEMU, "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":1048576,"
		    "\"max_dma_maps\":65535,\"pgsizes\":4096,\"write_multiple\":true,"
		    "\"migration\":{\"pgsize\":4096,\"max_bitmap_size\":1048576}}}");
}

/* Ours where there is room, else the smaller. */
static void never_longer(void **state)
{
	(void)state;
	offer("{\"capabilities\":{\"max_msg_fds\":1}}", "{\"capabilities\":{\"max_msg_fds\":1}}");
	offer("{ \"capabilities\":{\"max_msg_fds\":1}}", "{\"capabilities\":{\"max_msg_fds\":16}}");
	offer("{\"capabilities\":{\"max_data_xfer_size\":1024}}",
	      "{\"capabilities\":{\"max_data_xfer_size\":1024}}");
	offer("{\"capabilities\":{\"pgsizes\":0}}", "{\"capabilities\":{}}");
	offer("{\"capabilities\":{\"max_dma_maps\":9,\"pgsizes\":5}}",
	      "{\"capabilities\":{\"max_dma_maps\":9,\"pgsizes\":5}}");
}

static void wrong_types(void **state)
{
	static const char *const numbers[] = {"max_msg_fds", "max_data_xfer_size", "max_dma_maps",
					      "pgsizes"};
	static const char *const values[] = {
		"-1", "1.5", "\"8\"", "true", "null", "[]", "{}", "1e3", "-9223372036854775808"};
	char json[256];

	(void)state;
	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 9; j++) {
			snprintf(json, sizeof(json), "{\"capabilities\":{\"%s\":%s}}", numbers[i],
				 values[j]);
			offer(json, NULL);
		}
	offer("{\"capabilities\":[]}", NULL);
	offer("{\"capabilities\":null}", NULL);
	offer("{\"capabilities\":{\"write_multiple\":1}}", NULL);
	offer("{\"capabilities\":{\"migration\":7}}", NULL);
	offer("{\"capabilities\":{\"migration\":{\"pgsize\":\"4k\"}}}", NULL);
	offer("{\"capabilities\":{\"migration\":{\"max_bitmap_size\":-4}}}", NULL);
	offer("{\"capabilities\":{\"twin_socket\":true}}", NULL);
	offer("{\"capabilities\":{\"twin_socket\":{\"supported\":\"yes\"}}}", NULL);
	offer("{\"capabilities\":{\"max_data_xfer_size\":0}}", NULL);
}

static void bad_json(void **state)
{
	static const char *const texts[] = {
		"",
		" ",
		"{",
		"}",
		"[]",
		"1",
		"\"text\"",
		"null",
		"{\"capabilities\":{}} x",
		"{}{}",
		"{\"capabilities\":'a'}",
		"{\"capabilities\":{\"max_msg_fds\":}}",
		"{\"a\":\"\xff\"}",
		"{\"a\":01}",
		"{\"a\":[[[[[[[[[[[[1]]]]]]]]]]]]}",
		"{\"capabilities\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		offer(texts[i], NULL);
}

static void every_prefix_and_every_flip(void **state)
{
	const size_t length = strlen(QEMU);
	char text[sizeof(QEMU)];

	(void)state;
	for (size_t cut = 0; cut < length; cut++) {
		memcpy(text, QEMU, cut);
		text[cut] = 0;
		offer(text, NULL);
	}
	for (size_t i = 0; i < length; i++) {
		struct pair *pair = pair_open();
		uint8_t payload[sizeof(QEMU) + 4] = {0};
		char reply[1024];
		struct vu_header header;

		memcpy(payload + 4, QEMU, sizeof(QEMU));
		payload[4 + i] ^= (uint8_t)(1u << i % 8);
		header = exchange(pair, payload, sizeof(payload), reply, sizeof(reply));
		assert_true(header.flags == 1 || header.flags == 0x21);
		assert_true(header.size <= VU_HEADER_SIZE + sizeof(payload));
		pair_close(pair);
	}
}

static void no_text_and_no_nul(void **state)
{
	struct pair *pair = pair_open();
	uint8_t payload[16] = {0, 0, 9, 0, '{', '}'};
	char reply[64];
	struct vu_header header;

	(void)state;
	header = exchange(pair, payload, 6, reply, sizeof(reply));
	assert_int_equal(header.error, EINVAL);
	assert_true(core_logged(&pair->log, "NUL"));
	header = exchange(pair, payload, 3, reply, sizeof(reply));
	assert_int_equal(header.error, EINVAL);
	header = exchange(pair, payload, 4, reply, sizeof(reply));
	assert_int_equal(header.flags, 1);
	assert_int_equal(header.size, VU_HEADER_SIZE + 4);
	assert_int_equal(reply[2], 2);
	assert_int_equal(conn_limits(pair->dev)->max_data, 1 << 20);
	assert_int_equal(conn_limits(pair->dev)->max_fds, 1);
	pair_close(pair);
}

static void the_smaller_minor(void **state)
{
	(void)state;
	for (uint16_t minor = 0; minor < 5; minor++) {
		struct pair *pair = pair_open();
		uint8_t buf[64];
		char reply[64];

		pair_send(pair, buf, put_version(buf, minor, "{}"));
		pair_serve(pair);
		pair_expect(pair, reply, sizeof(reply));
		assert_int_equal(reply[0], 0);
		assert_int_equal(reply[2], minor < 2 ? minor : 2);
		/* once is enough */
		pair_send(pair, buf, put_version(buf, minor, "{}"));
		pair_serve(pair);
		pair_expect_reply(pair, 1, VU_VERSION, EINVAL);
		assert_true(conn_limits(pair->dev)->negotiated);
		pair_close(pair);
	}
}

static void another_major(void **state)
{
	struct pair *pair = pair_open();
	uint8_t payload[8] = {1, 0, 0, 0, '{', '}', 0};
	char reply[64];

	(void)state;
	assert_int_equal(exchange(pair, payload, 7, reply, sizeof(reply)).error, EINVAL);
	assert_true(core_logged(&pair->log, "speaks 1.0"));
	pair_close(pair);
}

static void limits_are_kept(void **state)
{
	struct pair *pair = pair_open_with((struct mdl_options){.max_transfer = 65536});
	uint8_t buf[512];
	char reply[512];

	(void)state;
	pair_send(pair, buf,
		  put_version(buf, 0,
			      "{\"capabilities\":{\"max_msg_fds\":99999999999,"
			      "\"max_data_xfer_size\":18446744073709551615,\"pgsizes\":12288,"
			      "\"write_multiple\":true}}"));
	pair_serve(pair);
	pair_expect(pair, reply, sizeof(reply));
	assert_string_equal(reply + 4,
			    "{\"capabilities\":{\"max_msg_fds\":16,\"max_data_xfer_size\":65536,"
			    "\"pgsizes\":12288,\"write_multiple\":true}}");
	assert_int_equal(conn_limits(pair->dev)->max_data, 65536);
	assert_int_equal(conn_limits(pair->dev)->max_fds, 16);
	assert_int_equal(conn_limits(pair->dev)->pgsizes, 12288);
	assert_true(conn_limits(pair->dev)->write_multiple);
	pair_close(pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_was_proposed),
		cmocka_unit_test(never_longer),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(bad_json),
		cmocka_unit_test(every_prefix_and_every_flip),
		cmocka_unit_test(no_text_and_no_nul),
		cmocka_unit_test(the_smaller_minor),
		cmocka_unit_test(another_major),
		cmocka_unit_test(limits_are_kept),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
