// SPDX-License-Identifier: BSD-2-Clause
/* VERSION: the handshake. */
#include "conform.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#define QEMU_TEXT                                                                               \
	"{\"capabilities\":{\"max_msg_fds\":8,\"max_data_xfer_size\":1048576,\"max_dma_maps\":" \
	"65535,"                                                                                \
	"\"pgsizes\":4096,\"migration\":{\"pgsize\":4096,\"max_bitmap_size\":268435456},"       \
	"\"write_multiple\":true}}"
#define LIMIT 4096

/* A reply to VERSION, taken apart. */
struct answer {
	uint16_t major, minor;
	size_t size;
	struct json_object *root;         /* NULL: the reply has no text */
	struct json_object *capabilities; /* inside root; or NULL */
	struct client_message message;
};

static void drop(struct answer *answer)
{
	json_object_put(answer->root);
	client_message_free(&answer->message);
	memset(answer, 0, sizeof(*answer));
}

static ssize_t propose_bytes(struct probe *probe, uint16_t major, uint16_t minor, const void *text,
			     size_t size, struct client_message *reply)
{
	uint8_t data[LIMIT];

	memcpy(data, &major, 2);
	memcpy(data + 2, &minor, 2);
	if (size)
		memcpy(data + 4, text, size);
	return client_call_fds(&probe->client, VU_VERSION, data, 4 + size, NULL, 0, reply);
}

/* Propose to a server that has not heard of us yet.  False, and why, if there is no sound answer.
 */
static bool propose(struct probe *probe, uint16_t minor, const char *text, struct answer *answer)
{
	const char *reply;

	memset(answer, 0, sizeof(*answer));
	if (conform_again(probe, true) < 0) {
		conform_fail(probe, "cannot connect");
		return false;
	}
	ssize_t n =
		propose_bytes(probe, 0, minor, text, text ? strlen(text) + 1 : 0, &answer->message);

	if (n < 4) {
		conform_fail(probe, "no answer (%zd) to 0.%u %.80s", n, minor, text ? text : "");
		client_message_free(&answer->message);
		return false;
	}
	memcpy(&answer->major, answer->message.data, 2);
	memcpy(&answer->minor, answer->message.data + 2, 2);
	answer->size = (size_t)n;
	if (n == 4)
		return true;
	reply = (const char *)answer->message.data + 4;
	if (reply[n - 5] || strlen(reply) + 5 != (size_t)n) {
		conform_fail(probe, "the reply's text does not end with its only NUL");
	} else {
		answer->root = json_tokener_parse(reply);
		if (json_object_is_type(answer->root, json_type_object))
			json_object_object_get_ex(answer->root, "capabilities",
						  &answer->capabilities);
		if (!answer->capabilities ||
		    json_object_is_type(answer->capabilities, json_type_object))
			return true;
		conform_fail(probe, "the reply's text is no JSON object: %.80s", reply);
	}
	drop(answer);
	return false;
}

static enum verdict minors(struct probe *probe)
{
	static const uint16_t proposed[] = {0, 1, 2, 3, 100, 65535};

	for (size_t i = 0; i < sizeof(proposed) / sizeof(proposed[0]); i++) {
		struct answer a;

		if (!propose(probe, proposed[i], QEMU_TEXT, &a))
			return FAILS;
		uint16_t major = a.major, minor = a.minor;

		drop(&a);
		REQUIRE(probe, major == 0 && minor <= proposed[i], "0.%u was answered with %u.%u",
			proposed[i], major, minor);
		REQUIRE(probe, conform_serves(&probe->client), "no service after 0.%u",
			proposed[i]);
	}
	return HOLDS;
}

static enum verdict no_text(struct probe *probe)
{
	struct answer a;

	if (!propose(probe, 0, NULL, &a))
		return FAILS;
	drop(&a);
	REQUIRE(probe, conform_serves(&probe->client), "no service after it");
	return HOLDS;
}

static enum verdict no_capabilities(struct probe *probe)
{
	static const char *const texts[] = {"{}", "{\"capabilities\":{}}",
					    " { \"capabilities\" : { } } "};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct answer a;

		if (!propose(probe, 0, texts[i], &a))
			return FAILS;
		drop(&a);
		REQUIRE(probe, conform_serves(&probe->client), "no service after %s", texts[i]);
	}
	return HOLDS;
}

static void find_extra(struct json_object *object, const char *text, char *extra, size_t size)
{
	struct json_object_iterator at = json_object_iter_begin(object),
				    end = json_object_iter_end(object);

	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at))
		if (!strstr(text, json_object_iter_peek_name(&at)))
			snprintf(extra, size, "%s", json_object_iter_peek_name(&at));
}

/* Every capability of the reply must stand in what was proposed. */
static enum verdict subset(struct probe *probe)
{
	static const char *const texts[] = {
		"{\"capabilities\":{}}",
		"{\"capabilities\":{\"max_msg_fds\":8}}",
		"{\"capabilities\":{\"pgsizes\":4096,\"write_multiple\":false}}",
		QEMU_TEXT,
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct answer a;
		char extra[64] = "";

		if (!propose(probe, 0, texts[i], &a))
			return FAILS;
		if (a.capabilities)
			find_extra(a.capabilities, texts[i], extra, sizeof(extra));
		drop(&a);
		REQUIRE(probe, !*extra, "%s was answered with %s, which was not proposed", texts[i],
			extra);
	}
	return HOLDS;
}

static enum verdict types(struct probe *probe)
{
	static const char *const numbers[] = {"max_msg_fds", "max_data_xfer_size", "max_dma_maps",
					      "pgsizes"};
	struct answer a;
	const char *wrong = NULL;
	struct json_object *value;

	if (!propose(probe, 0, QEMU_TEXT, &a))
		return FAILS;
	for (size_t i = 0; i < 4; i++)
		if (json_object_object_get_ex(a.capabilities, numbers[i], &value) &&
		    (!json_object_is_type(value, json_type_int) ||
		     json_object_get_int64(value) <= 0))
			wrong = numbers[i];
	if (json_object_object_get_ex(a.capabilities, "write_multiple", &value) &&
	    !json_object_is_type(value, json_type_boolean))
		wrong = "write_multiple";
	drop(&a);
	REQUIRE(probe, !wrong, "%s has a wrong type or value", wrong);
	return HOLDS;
}

static int64_t number(const struct answer *a, const char *key, int64_t otherwise)
{
	struct json_object *value;

	return json_object_object_get_ex(a->capabilities, key, &value)
		       ? json_object_get_int64(value)
		       : otherwise;
}

static enum verdict qemu_takes(struct probe *probe)
{
	struct answer a;

	if (!propose(probe, 0, QEMU_TEXT, &a))
		return FAILS;
	int64_t fds = number(&a, "max_msg_fds", 1),
		data = number(&a, "max_data_xfer_size", 1 << 20),
		maps = number(&a, "max_dma_maps", 65535), pages = number(&a, "pgsizes", 4096);
	size_t size = a.size;

	drop(&a);
	REQUIRE(probe, size <= 4 + sizeof(QEMU_TEXT), "the reply is longer than the request");
	REQUIRE(probe, fds >= 1 && fds <= 16, "max_msg_fds is %lld", (long long)fds);
	REQUIRE(probe, data > 0 && data <= 64 << 20, "max_data_xfer_size is %lld", (long long)data);
	REQUIRE(probe, maps > 0 && maps <= 65535, "max_dma_maps is %lld", (long long)maps);
	REQUIRE(probe, pages > 0 && !(pages & 4095), "pgsizes is %lld", (long long)pages);
	return HOLDS;
}

static enum verdict other_major(struct probe *probe)
{
	static const uint16_t majors[] = {1, 2, 256, 65535};

	for (size_t i = 0; i < sizeof(majors) / sizeof(majors[0]); i++) {
		struct client_message reply;

		REQUIRE(probe, conform_again(probe, true) == 0, "cannot connect");
		ssize_t n = propose_bytes(probe, majors[i], 0, "{}", 3, &reply);

		if (n >= 0)
			client_message_free(&reply);
		REQUIRE(probe, conform_declined(n), "major version %u was accepted", majors[i]);
	}
	REQUIRE(probe, conform_serves_next(probe), "the next client is not served");
	return HOLDS;
}

static enum verdict bad_texts(struct probe *probe)
{
	static const struct {
		const char *text;
		size_t size;
	} rows[] = {
#define BYTES(text) {text, sizeof(text)} /* with its NUL */
#define BARE(text)                     \
	{                              \
		text, sizeof(text) - 1 \
	} /* without */
		BARE("{}"),
		BARE("{\"capabilities\":{}}"),
		BARE("{"),
		BYTES(""),
		BYTES("{"),
		BYTES("{\"capabilities\":"),
		BYTES("{\"capabilities\":{}"),
		BYTES("[]"),
		BYTES("7"),
		BYTES("nonsense"),
		BYTES("\xff\xfe{}"),
		BYTES("{}\0{}"),
		BYTES("{\"capabilities\":7}"),
		BYTES("{\"capabilities\":[]}"),
		BYTES("{\"capabilities\":{\"max_msg_fds\":\"8\"}}"),
		BYTES("{\"capabilities\":{\"max_msg_fds\":-1}}"),
		BYTES("{\"capabilities\":{\"max_data_xfer_size\":{}}}"),
		BYTES("{\"capabilities\":{\"max_data_xfer_size\":-4096}}"),
		BYTES("{\"capabilities\":{\"pgsizes\":\"4096\"}}"),
		BYTES("{\"capabilities\":{\"write_multiple\":[]}}"),
		BYTES("{\"capabilities\":{\"twin_socket\":7}}"),
		BYTES("{\"capabilities\":{\"twin_socket\":{\"supported\":{}}}}"),
#undef BYTES
#undef BARE
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct client_message reply;

		REQUIRE(probe, conform_again(probe, true) == 0, "cannot connect");
		ssize_t n = propose_bytes(probe, 0, 0, rows[i].text, rows[i].size, &reply);

		if (n >= 0)
			client_message_free(&reply);
		REQUIRE(probe, conform_declined(n), "a text of %zu bytes was accepted: %.*s",
			rows[i].size, (int)rows[i].size, rows[i].text);
	}
	REQUIRE(probe, conform_serves_next(probe), "the next client is not served");
	return HOLDS;
}

/* What a server may make of these is its own affair, but it must live and serve. */
static enum verdict odd_texts(struct probe *probe)
{
	static const char *const texts[] = {
		"{\"capabilities\":{\"max_data_xfer_size\":0}}",
		"{\"capabilities\":{\"max_data_xfer_size\":1}}",
		"{\"capabilities\":{\"max_data_xfer_size\":18446744073709551615}}",
		"{\"capabilities\":{\"max_data_xfer_size\":99999999999999999999999999}}",
		"{\"capabilities\":{\"max_data_xfer_size\":1e9}}",
		"{\"capabilities\":{\"max_msg_fds\":0}}",
		"{\"capabilities\":{\"max_msg_fds\":4294967297}}",
		"{\"capabilities\":{\"pgsizes\":0}}",
		"{\"capabilities\":{\"pgsizes\":1}}",
		"{\"capabilities\":{\"pgsizes\":9223372036854775808}}",
		"{\"capabilities\":{\"migration\":{\"pgsize\":0}}}",
		"{\"capabilities\":{\"migration\":{\"pgsize\":3}}}",
		"{\"capabilities\":{\"twin_socket\":{}}}",
		"{\"capabilities\":null}",
	};
	struct client_message reply;
	char deep[2048];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		REQUIRE(probe, conform_again(probe, true) == 0, "cannot connect");
		if (propose_bytes(probe, 0, 0, texts[i], strlen(texts[i]) + 1, &reply) >= 0) {
			client_message_free(&reply);
			REQUIRE(probe, conform_serves(&probe->client), "%s accepted, no service",
				texts[i]);
		}
		REQUIRE(probe, conform_serves_next(probe), "no service after %s", texts[i]);
	}
	memset(deep, '[', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	REQUIRE(probe, conform_again(probe, true) == 0, "cannot connect");
	if (propose_bytes(probe, 0, 0, deep, sizeof(deep), &reply) >= 0)
		client_message_free(&reply);
	REQUIRE(probe, conform_serves_next(probe), "no service after a deeply nested text");
	return HOLDS;
}

static enum verdict unknown_capability(struct probe *probe)
{
	struct answer a;

	if (!propose(probe, 0,
		     "{\"capabilities\":{\"max_msg_fds\":8,\"new_thing\":{\"x\":[1,null,true]}},"
		     "\"vendor\":\"somebody\"}",
		     &a))
		return FAILS;
	bool repeated = json_object_object_get_ex(a.capabilities, "new_thing", NULL);

	drop(&a);
	REQUIRE(probe, !repeated, "the server claims to have a capability that nobody knows");
	REQUIRE(probe, conform_serves(&probe->client), "no service after it");
	return HOLDS;
}

static enum verdict short_version(struct probe *probe)
{
	for (size_t size = 0; size < 4; size++) {
		REQUIRE(probe, conform_again(probe, true) == 0, "cannot connect");
		ssize_t n = client_call(&probe->client, VU_VERSION, "\0\0\0", size, NULL, 0);

		REQUIRE(probe, conform_declined(n),
			"VERSION with %zu bytes of payload was accepted", size);
	}
	REQUIRE(probe, conform_serves_next(probe), "the next client is not served");
	return HOLDS;
}

static enum verdict version_first(struct probe *probe)
{
	struct vu_device_info info = {.argsz = sizeof(info)};
	ssize_t n = client_call(&probe->client, VU_DEVICE_GET_INFO, &info, sizeof(info), &info,
				sizeof(info));

	REQUIRE(probe, conform_declined(n), "GET_INFO before VERSION was answered");
	REQUIRE(probe, conform_serves_next(probe), "the next client is not served");
	return HOLDS;
}

static enum verdict version_twice(struct probe *probe)
{
	ssize_t n = client_call(&probe->client, VU_VERSION, "\0\0\0\0{}", 7, NULL, 0);

	(void)n; /* an error is best, but a second answer does no harm */
	if (!conform_serves(&probe->client))
		REQUIRE(probe, conform_serves_next(probe), "the next client is not served");
	return HOLDS;
}

static enum verdict pipelined(struct probe *probe)
{
	struct {
		struct vu_header version;
		uint8_t text[8];
		struct vu_header header;
		struct vu_device_info info;
	} m = {
		.version = {1, VU_VERSION, 24, 0, 0},
		.text = "\0\0\0\0{ }",
		.header = {2, VU_DEVICE_GET_INFO, 32, 0, 0},
		.info = {.argsz = 16},
	};
	struct client_message reply;

	REQUIRE(probe, client_send_bytes(&probe->client, &m, sizeof(m), NULL, 0) == 0, "send");
	for (uint16_t id = 1; id <= 2; id++) {
		REQUIRE(probe, client_receive(&probe->client, &reply) == 1, "reply %u is missing",
			id);
		uint16_t got = reply.header.id;
		uint32_t flags = reply.header.flags;

		client_message_free(&reply);
		REQUIRE(probe, got == id && flags == VU_TYPE_REPLY,
			"reply %u has id %u, flags 0x%x", id, got, flags);
	}
	return HOLDS;
}

static enum verdict cut(struct probe *probe)
{
	static const uint8_t payload[] = "\0\0\0\0{\"capabilities\":{\"max_msg_fds\":8}}";
	struct vu_header header = {3, VU_VERSION, sizeof(header) + sizeof(payload), 0, 0};
	uint8_t message[sizeof(header) + sizeof(payload)];

	memcpy(message, &header, sizeof(header));
	memcpy(message + sizeof(header), payload, sizeof(payload));
	for (size_t at = 1; at < sizeof(message); at += 3) {
		struct client_message reply;

		REQUIRE(probe, conform_again(probe, true) == 0, "cannot connect");
		client_send_bytes(&probe->client, message, at, NULL, 0);
		client_send_bytes(&probe->client, message + at, sizeof(message) - at, NULL, 0);
		REQUIRE(probe, client_receive(&probe->client, &reply) == 1,
			"VERSION cut at byte %zu was not answered", at);
		client_message_free(&reply);
	}
	return HOLDS;
}

static enum verdict with_fds(struct probe *probe)
{
	int fds[4];
	struct client_message reply;

	for (int i = 0; i < 4; i++)
		fds[i] = conform_eventfd(probe);
	ssize_t n = client_call_fds(&probe->client, VU_VERSION, "\0\0\0\0{}", 7, fds, 4, &reply);

	if (n >= 0)
		client_message_free(&reply);
	REQUIRE(probe, conform_serves_next(probe), "the next client is not served");
	return HOLDS;
}

static bool twin_supported(const struct answer *a, int64_t *fd_index)
{
	struct json_object *twin, *value;

	*fd_index = -1;
	if (!json_object_object_get_ex(a->capabilities, "twin_socket", &twin))
		return false;
	if (json_object_object_get_ex(twin, "fd_index", &value))
		*fd_index = json_object_get_int64(value);
	return json_object_object_get_ex(twin, "supported", &value) &&
	       json_object_get_boolean(value);
}

static enum verdict twin_unasked(struct probe *probe)
{
	static const char *const texts[] = {
		QEMU_TEXT,
		"{\"capabilities\":{\"twin_socket\":{\"supported\":false}}}",
		"{\"capabilities\":{\"twin_socket\":{}}}",
	};

	for (size_t i = 0; i < 3; i++) {
		struct answer a;
		int64_t index;

		if (!propose(probe, 0, texts[i], &a))
			return FAILS;
		bool twin = twin_supported(&a, &index);
		unsigned nfds = a.message.nfds;

		drop(&a);
		REQUIRE(probe, !twin && index < 0 && nfds == 0,
			"twin_socket came with %u descriptors though nobody asked for it", nfds);
	}
	return HOLDS;
}

static enum verdict twin_asked(struct probe *probe)
{
	struct answer a;
	int64_t index;
	int type = -1;
	socklen_t length = sizeof(type);

	if (!propose(probe, 0,
		     "{\"capabilities\":{\"max_msg_fds\":8,\"twin_socket\":{\"supported\":true}}}",
		     &a))
		return FAILS;
	bool twin = twin_supported(&a, &index), good = index >= 0 && index < a.message.nfds;
	unsigned nfds = a.message.nfds;

	if (good)
		getsockopt(a.message.fds[index], SOL_SOCKET, SO_TYPE, &type, &length);
	bool serves = conform_serves(&probe->client);

	drop(&a);
	REQUIRE(probe, serves, "no service while the twin socket is open");
	APPLIES_IF(probe, twin, "the server has no twin socket");
	REQUIRE(probe, good, "fd_index is %lld of %u descriptors", (long long)index, nfds);
	REQUIRE(probe, type == SOCK_STREAM, "the descriptor is no stream socket (%d)", type);
	return HOLDS;
}

static enum verdict twin_closed(struct probe *probe)
{
	struct answer a;

	if (!propose(probe, 0, "{\"capabilities\":{\"twin_socket\":{\"supported\":true}}}", &a))
		return FAILS;
	drop(&a); /* closes our end */
	if (!conform_serves(&probe->client))
		REQUIRE(probe, conform_serves_next(probe), "the next client is not served");
	return HOLDS;
}

#define SPEC "vfio-user specification, VFIO_USER_VERSION"
const struct row rows_version[] = {
	{"version: same major, a minor not above the proposed", SPEC, ROW_RAW, minors},
	{"version: the text is optional", SPEC ", Request", ROW_RAW, no_text},
	{"version: capabilities are optional", SPEC ", Request", ROW_RAW, no_capabilities},
	{"version: the reply's capabilities are a subset of the proposed", SPEC, ROW_RAW, subset},
	{"version: the reply's capabilities have their types", SPEC ", Capabilities", ROW_RAW,
	 types},
	{"version: QEMU takes the reply", "QEMU, hw/vfio-user/proxy.c", ROW_RAW | ROW_OURS,
	 qemu_takes},
	{"version: another major is refused", SPEC, ROW_RAW, other_major},
	{"version: bad texts are refused", SPEC ", Request", ROW_RAW, bad_texts},
	{"version: odd values do no harm", "Security Considerations", ROW_RAW, odd_texts},
	{"version: unknown capabilities are ignored", SPEC, ROW_RAW, unknown_capability},
	{"version: a payload below 4 bytes is refused", SPEC ", Request", ROW_RAW, short_version},
	{"version: comes first", SPEC, ROW_RAW, version_first},
	{"version: a second one does no harm", SPEC, 0, version_twice},
	{"version: others may follow in the same write", "Command Concurrency", ROW_RAW, pipelined},
	{"version: may arrive in pieces", "Transport", ROW_RAW, cut},
	{"version: descriptors nobody asked for are closed", "File descriptors", ROW_RAW, with_fds},
	{"version: no twin socket unless proposed", SPEC ", Reply", ROW_RAW, twin_unasked},
	{"version: a twin socket is a socket in the reply", SPEC ", Reply", ROW_RAW, twin_asked},
	{"version: a twin socket may be closed", SPEC ", Reply", ROW_RAW, twin_closed},
	{0},
};
