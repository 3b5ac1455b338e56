/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device's state in a file: the migration stream, just written at once.  The file appears whole
 * or not at all; one that is refused changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migration.h"

#define CHUNK (64u * 1024)

/* ---- out */

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			bytes += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

int state_write(struct mdl_dev *dev, int fd)
{
	uint8_t *chunk = malloc(CHUNK);
	struct save *save = NULL;
	int rc = chunk ? save_create(dev, &save) : -ENOMEM;
	size_t size = CHUNK;

	if (!rc)
		rc = save_finish(save);
	while (!rc && size == CHUNK) {
		size = save_read(save, chunk, CHUNK);
		rc = write_all(fd, chunk, size);
	}
	save_destroy(save);
	free(chunk);
	return rc;
}

static char *temporary_name(const char *path)
{
	char *name;

	return asprintf(&name, "%s.%ld.tmp", path, (long)getpid()) < 0 ? NULL : name;
}

static int cannot_save(struct mdl_dev *dev, const char *path, int rc, const char *why)
{
	log_error(dev, "the state cannot be saved to %s: %s", path, why);
	return rc;
}

/* A rename would put the file in a device's place. */
static int check_place(struct mdl_dev *dev, const char *path)
{
	struct stat there;

	if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
		return cannot_save(dev, path, -EINVAL, "it is no regular file");
	return 0;
}

static int open_temporary(const char *temporary)
{
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : fd;
}

/* What is being written has another name until it is whole. */
static int write_file(struct mdl_dev *dev, const char *path, const char *temporary)
{
	int fd = open_temporary(temporary), rc;

	if (fd < 0)
		return fd;
	rc = state_write(dev, fd);
	if (!rc && fsync(fd))
		rc = -errno;
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(temporary, path))
		rc = -errno;
	if (rc)
		unlink(temporary);
	return rc;
}

int state_file_check(struct mdl_dev *dev, const char *path)
{
	char *temporary;
	int rc = check_place(dev, path);

	if (rc)
		return rc;
	temporary = temporary_name(path);
	if (!temporary)
		return -ENOMEM;
	rc = open_temporary(temporary);
	if (rc >= 0) {
		close(rc);
		unlink(temporary);
	}
	free(temporary);
	return rc < 0 ? cannot_save(dev, path, rc, strerror(-rc)) : 0;
}

int mdl_save(struct mdl_dev *dev, const char *path)
{
	char *temporary;
	int rc = mdl_start(dev);

	if (!rc)
		rc = check_place(dev, path);
	if (rc)
		return rc;
	temporary = temporary_name(path);
	if (!temporary)
		return -ENOMEM;
	migration_hold(dev);
	rc = write_file(dev, path, temporary);
	migration_release(dev);
	free(temporary);
	if (rc)
		return cannot_save(dev, path, rc, strerror(-rc));
	log_info(dev, "the state was saved to %s", path);
	return 0;
}

/* ---- in */

static int read_into(struct load *load, int fd, uint8_t *chunk)
{
	ssize_t n;
	int rc = 0;

	while (!rc && (n = read(fd, chunk, CHUNK)) != 0) {
		if (n > 0)
			rc = load_write(load, chunk, (size_t)n);
		else if (errno != EINTR)
			rc = -errno;
	}
	return rc;
}

int state_read(struct mdl_dev *dev, int fd)
{
	uint8_t *chunk = malloc(CHUNK);
	struct load *load = NULL;
	int rc = chunk ? load_create(dev, &load) : -ENOMEM;

	if (!rc)
		rc = read_into(load, fd, chunk);
	if (!rc)
		rc = load_finish(load);
	load_destroy(load);
	free(chunk);
	return rc;
}

/* To a load, nothing at all is no mistake; to a file it is. */
static bool is_empty(int fd)
{
	return lseek(fd, 0, SEEK_END) == 0;
}

int mdl_restore(struct mdl_dev *dev, const char *path)
{
	int fd, rc = mdl_start(dev);

	if (rc)
		return rc;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? -errno : 0;
	if (!rc && is_empty(fd)) {
		log_error(dev, "%s is empty", path);
		rc = -EINVAL;
	}
	if (!rc && lseek(fd, 0, SEEK_SET) < 0)
		rc = -errno;
	if (!rc) {
		migration_hold(dev);
		rc = state_read(dev, fd);
		migration_release(dev);
	}
	if (fd >= 0)
		close(fd);
	if (rc == -EINVAL)
		log_error(dev, "nothing was restored from %s", path);
	else if (rc)
		log_error(dev, "nothing was restored from %s: %s", path, strerror(-rc));
	else
		log_info(dev, "the state was restored from %s", path);
	return rc;
}
