/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VERSION: the first message, and the only one with JSON.
 *
 * The reply names only what the client proposed, compactly, and is not longer than the client's own
 * text, because QEMU takes neither.  It says what we can do; if that is longer, then the smaller of
 * what both can do, which never is.  (Where the client wants a twin socket, a longer reply cannot
 * be helped: it must carry an index.)
 */
#include "conn.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/socket.h>

#define MAJOR         0
#define MINOR         2
#define PREAMBLE      4 /* major and minor, before the text */
#define MAX_DEPTH     8
#define PAGE_SIZE_MIN 4096u
#define MAX_BITMAP    (UINT64_C(256) << 20)

/* What the client can do; and which of it it spoke of. */
struct proposal {
	uint64_t max_fds, max_data, max_maps, pgsizes, mig_pgsize, mig_bitmap;
	bool write_multiple, twin;
	bool has_capabilities, has_max_fds, has_max_data, has_max_maps, has_pgsizes,
		has_write_multiple, has_migration, has_mig_pgsize, has_mig_bitmap, has_twin;
};

static const struct proposal defaults = {
	.max_fds = 1,
	.max_data = 1 << 20,
	.max_maps = 65535,
	.pgsizes = PAGE_SIZE_MIN,
	.mig_pgsize = PAGE_SIZE_MIN,
	.mig_bitmap = MAX_BITMAP,
};

/* ---- reading */

static bool get(struct json_object *object, const char *key, enum json_type type,
		struct json_object **value)
{
	return json_object_object_get_ex(object, key, value) && json_object_is_type(*value, type);
}

static bool has(struct json_object *object, const char *key)
{
	return json_object_object_get_ex(object, key, NULL);
}

static int read_number(struct mdl_dev *dev, struct json_object *object, const char *key,
		       uint64_t *number, bool *present)
{
	struct json_object *value;

	*present = has(object, key);
	if (!*present)
		return 0;
	if (!get(object, key, json_type_int, &value) || json_object_get_int64(value) < 0) {
		log_client(dev, "VERSION: %s is not a natural number", key);
		return -EINVAL;
	}
	*number = json_object_get_uint64(value);
	return 0;
}

static int read_bool(struct mdl_dev *dev, struct json_object *object, const char *key, bool *flag,
		     bool *present)
{
	struct json_object *value;

	*present = has(object, key);
	if (!*present)
		return 0;
	if (!get(object, key, json_type_boolean, &value)) {
		log_client(dev, "VERSION: %s is neither true nor false", key);
		return -EINVAL;
	}
	*flag = json_object_get_boolean(value);
	return 0;
}

/* A member that must be an object if it is there. NULL in *value: it is not. */
static int read_object(struct mdl_dev *dev, struct json_object *object, const char *key,
		       struct json_object **value, bool *present)
{
	*value = NULL;
	*present = has(object, key);
	if (!*present || get(object, key, json_type_object, value))
		return 0;
	log_client(dev, "VERSION: %s is not an object", key);
	return -EINVAL;
}

static int read_nested(struct mdl_dev *dev, struct json_object *capabilities, struct proposal *p)
{
	struct json_object *migration, *twin;
	bool supported;
	int rc = read_object(dev, capabilities, "migration", &migration, &p->has_migration);

	if (!rc && migration)
		rc = read_number(dev, migration, "pgsize", &p->mig_pgsize, &p->has_mig_pgsize);
	if (!rc && migration)
		rc = read_number(dev, migration, "max_bitmap_size", &p->mig_bitmap,
				 &p->has_mig_bitmap);
	if (!rc)
		rc = read_object(dev, capabilities, "twin_socket", &twin, &p->has_twin);
	if (!rc && twin)
		rc = read_bool(dev, twin, "supported", &p->twin, &supported);
	return rc;
}

static int read_capabilities(struct mdl_dev *dev, struct json_object *root, struct proposal *p)
{
	struct json_object *c;
	int rc = read_object(dev, root, "capabilities", &c, &p->has_capabilities);

	if (rc || !c)
		return rc;
	rc = read_number(dev, c, "max_msg_fds", &p->max_fds, &p->has_max_fds);
	if (!rc)
		rc = read_number(dev, c, "max_data_xfer_size", &p->max_data, &p->has_max_data);
	if (!rc)
		rc = read_number(dev, c, "max_dma_maps", &p->max_maps, &p->has_max_maps);
	if (!rc)
		rc = read_number(dev, c, "pgsizes", &p->pgsizes, &p->has_pgsizes);
	if (!rc)
		rc = read_bool(dev, c, "write_multiple", &p->write_multiple,
			       &p->has_write_multiple);
	if (!rc)
		rc = read_nested(dev, c, p);
	/* says nothing, and has no answer that would not be longer */
	p->has_pgsizes = p->has_pgsizes && p->pgsizes;
	if (!rc && p->max_data == 0) {
		log_client(dev, "VERSION: max_data_xfer_size is 0: nothing could be transferred");
		rc = -EINVAL;
	}
	return rc;
}

/* The text is the whole payload behind the numbers: one object, and its NUL. */
static int parse(struct mdl_dev *dev, const char *text, size_t size, struct json_object **root)
{
	struct json_tokener *tokener;
	enum json_tokener_error error;

	if (strnlen(text, size) != size - 1) {
		log_client(dev, "VERSION: the text does not end with its only NUL");
		return -EINVAL;
	}
	if (size > INT32_MAX)
		return -EMSGSIZE;
	tokener = json_tokener_new_ex(MAX_DEPTH);
	if (!tokener)
		return -ENOMEM;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	*root = json_tokener_parse_ex(tokener, text, (int)size);
	error = json_tokener_get_error(tokener);
	json_tokener_free(tokener);
	if (error == json_tokener_success && json_object_is_type(*root, json_type_object))
		return 0;
	log_client(dev, "VERSION: bad JSON: %s",
		   error ? json_tokener_error_desc(error) : "not an object");
	json_object_put(*root);
	return -EINVAL;
}

static int read_proposal(struct mdl_dev *dev, const struct request *req, struct proposal *p)
{
	struct json_object *root;
	int rc;

	*p = defaults;
	if (req->size == PREAMBLE)
		return 0;
	rc = parse(dev, (const char *)req->data + PREAMBLE, req->size - PREAMBLE, &root);
	if (rc)
		return rc;
	rc = read_capabilities(dev, root, p);
	json_object_put(root);
	return rc;
}

/* ---- answering */

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t common_pgsizes(uint64_t theirs)
{
	uint64_t large = theirs & ~(uint64_t)(PAGE_SIZE_MIN - 1);

	return large ? large : PAGE_SIZE_MIN;
}

/* An object under construction. A member that cannot be made (no memory) makes the whole fail. */
struct builder {
	struct json_object *object;
	bool failed;
};

static void add(struct builder *b, const char *key, struct json_object *value)
{
	if (!value || json_object_object_add(b->object, key, value)) {
		json_object_put(value);
		b->failed = true;
	}
}

static void add_number(struct builder *b, bool wanted, const char *key, uint64_t number)
{
	if (wanted)
		add(b, key, json_object_new_uint64(number));
}

static void add_nested(struct builder *b, const struct proposal *p, const struct proposal *ours)
{
	struct builder inner = {.object = json_object_new_object()};

	if (p->has_migration && inner.object) {
		add_number(&inner, p->has_mig_pgsize, "pgsize", ours->mig_pgsize);
		add_number(&inner, p->has_mig_bitmap, "max_bitmap_size", ours->mig_bitmap);
		add(b, "migration", json_object_get(inner.object));
	}
	json_object_put(inner.object);
	inner.object = json_object_new_object();
	if (p->twin && inner.object) {
		add(&inner, "supported", json_object_new_boolean(1));
		add_number(&inner, true, "fd_index", 0);
		add(b, "twin_socket", json_object_get(inner.object));
	}
	b->failed |= inner.failed || !inner.object;
	json_object_put(inner.object);
}

/* The reply's text: of what `ours` says, what the client spoke of. */
static struct json_object *build(const struct proposal *p, const struct proposal *ours)
{
	struct builder root = {.object = json_object_new_object()};
	struct builder c = {.object = json_object_new_object()};

	if (!root.object || !c.object) {
		json_object_put(root.object);
		json_object_put(c.object);
		return NULL;
	}
	add_number(&c, p->has_max_fds, "max_msg_fds", ours->max_fds);
	add_number(&c, p->has_max_data, "max_data_xfer_size", ours->max_data);
	add_number(&c, p->has_max_maps, "max_dma_maps", ours->max_maps);
	add_number(&c, p->has_pgsizes, "pgsizes", ours->pgsizes);
	if (p->has_write_multiple)
		add(&c, "write_multiple", json_object_new_boolean(ours->write_multiple));
	add_nested(&c, p, ours);
	if (p->has_capabilities)
		add(&root, "capabilities", c.object);
	else
		json_object_put(c.object);
	if (!c.failed && !root.failed)
		return root.object;
	json_object_put(root.object);
	return NULL;
}

static struct proposal our_best(const struct mdl_dev *dev, const struct proposal *p)
{
	return (struct proposal){
		.max_fds = MSG_FDS,
		.max_data = dev->opt.max_transfer,
		.max_maps = smaller(dev->opt.max_dma_regions, 65535),
		.pgsizes = common_pgsizes(p->pgsizes),
		.mig_pgsize = PAGE_SIZE_MIN,
		.mig_bitmap = smaller(MAX_BITMAP, dev->opt.max_transfer),
		.write_multiple = p->write_multiple,
	};
}

static struct proposal in_common(const struct proposal *ours, const struct proposal *p)
{
	struct proposal both = *ours;

	both.max_fds = smaller(ours->max_fds, p->max_fds);
	both.max_data = smaller(ours->max_data, p->max_data);
	both.max_maps = smaller(ours->max_maps, p->max_maps);
	both.pgsizes = smaller(ours->pgsizes, p->pgsizes ? p->pgsizes : PAGE_SIZE_MIN);
	both.mig_pgsize = smaller(ours->mig_pgsize, p->mig_pgsize);
	both.mig_bitmap = smaller(ours->mig_bitmap, p->mig_bitmap);
	return both;
}

/* Put one version of the text into the reply. -E2BIG: it is longer than `limit`. */
static int write_text(struct reply *reply, const struct proposal *p, const struct proposal *ours,
		      size_t limit)
{
	struct json_object *object = build(p, ours);
	const char *text;
	size_t length;

	if (!object)
		return -ENOMEM;
	text = json_object_to_json_string_length(object, JSON_C_TO_STRING_PLAIN, &length);
	if (text && PREAMBLE + length + 1 <= limit) {
		memcpy(reply->data + PREAMBLE, text, length + 1);
		reply->size = PREAMBLE + length + 1;
	}
	json_object_put(object);
	if (!text)
		return -ENOMEM;
	return reply->size ? 0 : -E2BIG;
}

static int write_reply(struct mdl_dev *dev, const struct request *req, const struct proposal *p,
		       struct reply *reply)
{
	struct proposal ours = our_best(dev, p), both = in_common(&ours, p);
	size_t limit = p->twin || req->size > REPLY_SPACE ? REPLY_SPACE : req->size;
	int rc;

	if (req->size == PREAMBLE) {
		reply->size = PREAMBLE;
		return 0;
	}
	rc = write_text(reply, p, &ours, limit);
	if (rc == -E2BIG)
		rc = write_text(reply, p, &both, limit);
	return rc;
}

/* Our end becomes the connection's, the other one goes with the reply. */
static int make_twin(struct mdl_dev *dev, struct reply *reply)
{
	int fds[2], rc;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return -errno;
	reply->fds[reply->nfds++] = fds[1];
	reply->close_fds = true;
	rc = conn_set_twin(dev, fds[0]);
	if (rc)
		log_limited(dev, MDL_LOG_ERROR, "no twin socket: %s", strerror(-rc));
	return rc;
}

static int check_version(struct mdl_dev *dev, uint16_t major, uint16_t minor)
{
	if (conn_limits(dev)->negotiated) {
		log_client(dev, "VERSION came twice");
		return -EINVAL;
	}
	if (major != MAJOR) {
		log_client(dev, "VERSION: the client speaks %u.%u, we speak %d.x", major, minor,
			   MAJOR);
		return -EINVAL;
	}
	return 0;
}

static void agree(struct mdl_dev *dev, const struct proposal *p, uint16_t minor)
{
	struct conn_limits *limits = conn_limits(dev);

	limits->max_data = (uint32_t)smaller(p->max_data, dev->opt.max_transfer);
	limits->max_fds = (uint32_t)smaller(p->max_fds, REPLY_FDS);
	limits->pgsizes = common_pgsizes(p->pgsizes);
	limits->write_multiple = p->write_multiple;
	limits->minor = minor;
	limits->negotiated = true;
}

int version_handle(struct mdl_dev *dev, struct request *req, struct reply *reply)
{
	struct proposal p;
	uint16_t version[2], proposed;
	int rc;

	memcpy(version, req->data, sizeof(version));
	rc = check_version(dev, version[0], version[1]);
	if (!rc)
		rc = read_proposal(dev, req, &p);
	if (rc)
		return rc;
	proposed = version[1];
	if (version[1] > MINOR)
		version[1] = MINOR;
	memcpy(reply->data, version, sizeof(version));
	rc = write_reply(dev, req, &p, reply);
	if (!rc && p.twin)
		rc = make_twin(dev, reply);
	if (rc)
		return rc;
	agree(dev, &p, proposed);
	log_limited(dev, MDL_LOG_INFO,
		    "client of version %u.%u: %u bytes and %u descriptors a message%s", version[0],
		    version[1], conn_limits(dev)->max_data, conn_limits(dev)->max_fds,
		    p.twin ? ", twin socket" : "");
	return 0;
}
