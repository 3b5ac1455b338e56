/* SPDX-License-Identifier: BSD-2-Clause */
/* The listening socket and its file; clients that come, leave, and are refused. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "core_device.h"
#include "server.h"

struct place {
	char dir[64], path[80], other[80];
	unsigned fds;
};

static int set_up(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/mdl-server-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/sock", p->dir);
	snprintf(p->other, sizeof(p->other), "%s/other", p->dir);
	p->fds = count_fds();
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;

	assert_int_equal(count_fds(), p->fds);
	unlink(p->path);
	unlink(p->other);
	assert_int_equal(rmdir(p->dir), 0);
	free(p);
	return 0;
}

static struct mdl_dev *make(void)
{
	struct mdl_dev *dev;

	assert_int_equal(mdl_create(&dev, &core_device, NULL), 0);
	return dev;
}

static int dial(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

static void serve(struct mdl_dev *dev)
{
	while (mdl_poll(dev) > 0)
		;
}

/* VERSION must be answered. */
static void greet(struct mdl_dev *dev, int fd)
{
	uint8_t buf[128];
	struct vu_header header;
	size_t size = put_version(buf, 2, "{}");

	assert_int_equal(send(fd, buf, size, MSG_NOSIGNAL), size);
	serve(dev);
	assert_int_equal(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), VU_HEADER_SIZE + 4 + 3);
	memcpy(&header, buf, sizeof(header));
	assert_int_equal(header.flags, 1);
}

static void made_and_removed(void **state)
{
	struct place *p = *state;
	mode_t mask = umask(0);
	struct mdl_dev *dev = make();
	struct stat st;

	assert_int_equal(mdl_listen(dev, p->path), 0);
	assert_int_equal(lstat(p->path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	umask(mask);
	assert_int_equal(mdl_listen(dev, p->other), -EBUSY);
	assert_false(there(p->other));
	mdl_destroy(dev);
	assert_false(there(p->path));
}

static void bad_paths(void **state)
{
	struct place *p = *state;
	struct mdl_dev *dev = make();
	char name[200];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = 0;
	assert_int_equal(mdl_listen(dev, name), -ENAMETOOLONG);
	assert_int_equal(mdl_listen(dev, ""), -ENOENT);
	snprintf(name, sizeof(name), "%s/none/sock", p->dir);
	assert_int_equal(mdl_listen(dev, name), -ENOENT);
	assert_int_equal(mdl_listen(dev, p->dir), -EADDRINUSE);
	assert_int_equal(mdl_listen(dev, p->path), 0); /* and it still can */
	mdl_destroy(dev);
}

static void a_file_is_not_touched(void **state)
{
	struct place *p = *state;
	struct mdl_dev *dev = make();
	int fd = open(p->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	assert_int_equal(mdl_listen(dev, p->path), -EADDRINUSE);
	/* nor behind a symbolic link */
	assert_int_equal(symlink(p->path, p->other), 0);
	assert_int_equal(mdl_listen(dev, p->other), -EADDRINUSE);
	mdl_destroy(dev);
	assert_true(there(p->path));
	assert_true(there(p->other));
}

/* Who waits for the file to appear finds a server behind it. */
static void *dial_when_there(void *arg)
{
	const struct place *p = arg;
	int fd;

	while (!there(p->path))
		sched_yield();
	fd = dial(p->path);
	if (fd < 0)
		return arg;
	close(fd);
	return NULL;
}

static void the_file_appears_when_it_listens(void **state)
{
	struct place *p = *state;
	pthread_t thread;
	void *failed;

	for (unsigned i = 0; i < 1000; i++) {
		struct mdl_dev *dev = make();

		assert_int_equal(pthread_create(&thread, NULL, dial_when_there, p), 0);
		assert_int_equal(mdl_listen(dev, p->path), 0);
		pthread_join(thread, &failed);
		assert_null(failed);
		mdl_destroy(dev);
		assert_false(there(p->path));
	}
}

/* A path that leaves no room for another name works as well. */
static void the_longest_path(void **state)
{
	struct place *p = *state;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct mdl_dev *dev = make();
	int fd;

	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memcpy(path, p->path, strlen(p->path));
	assert_int_equal(mdl_listen(dev, path), 0);
	fd = dial(path);
	assert_true(fd >= 0);
	close(fd);
	mdl_destroy(dev);
	assert_false(there(path));
}

static void a_stale_socket_is_replaced(void **state)
{
	struct place *p = *state;
	struct mdl_dev *dev = make();
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, p->path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
	assert_int_equal(mdl_listen(dev, p->path), 0);
	fd = dial(p->path);
	greet(dev, fd);
	close(fd);
	mdl_destroy(dev);
}

static void a_live_one_is_refused(void **state)
{
	struct place *p = *state;
	struct mdl_dev *first = make(), *second = make();
	int fd;

	assert_int_equal(mdl_listen(first, p->path), 0);
	fd = dial(p->path);
	greet(first, fd);
	assert_int_equal(mdl_listen(second, p->path), -EADDRINUSE);
	mdl_destroy(second);
	assert_true(there(p->path));
	serve(first); /* the other's look is a second client */
	uint8_t buf[64];

	assert_int_equal(send(fd, buf, put_read(buf, 4, 0, 4), MSG_NOSIGNAL), 32);
	serve(first);
	assert_int_equal(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), 36);
	close(fd);
	mdl_destroy(first);
}

static void anothers_file_is_left(void **state)
{
	struct place *p = *state;
	struct mdl_dev *dev = make(), *next = make();

	assert_int_equal(mdl_listen(dev, p->path), 0);
	assert_int_equal(unlink(p->path), 0);
	assert_int_equal(mdl_listen(next, p->path), 0);
	mdl_destroy(dev);
	assert_true(there(p->path));
	mdl_destroy(next);
	assert_false(there(p->path));
}

static void come_and_go(void **state)
{
	struct place *p = *state;
	struct mdl_dev *dev = make();
	struct core *core = mdl_instance(dev);

	assert_int_equal(mdl_listen(dev, p->path), 0);
	core->plain = 77;
	for (unsigned i = 1; i <= 20; i++) {
		int fd = dial(p->path);

		greet(dev, fd);
		assert_int_equal(core->came, i);
		close(fd);
		serve(dev);
		assert_int_equal(core->gone, i);
	}
	assert_int_equal(core->plain, 77); /* state stays */
	assert_int_equal(core->resets, 1);
	mdl_destroy(dev);
}

static void a_second_client(void **state)
{
	struct place *p = *state;
	struct mdl_dev *dev = make();
	uint8_t byte;
	int first, second;

	assert_int_equal(mdl_listen(dev, p->path), 0);
	first = dial(p->path);
	greet(dev, first);
	for (int i = 0; i < 20; i++) {
		second = dial(p->path);
		serve(dev);
		assert_int_equal(recv(second, &byte, 1, MSG_DONTWAIT), 0);
		close(second);
	}
	assert_int_equal(((struct core *)mdl_instance(dev))->came, 1);
	close(first);
	serve(dev);
	second = dial(p->path);
	greet(dev, second);
	close(second);
	mdl_destroy(dev);
}

/* Out of descriptors: it neither spins nor gives up. */
static void no_descriptors_left(void **state)
{
	struct place *p = *state;
	struct mdl_dev *dev = make();
	struct pollfd ready = {.fd = mdl_fd(dev), .events = POLLIN};
	struct rlimit before, none;
	int fd;

	if (getenv("VALGRIND")) {
		mdl_destroy(dev);
		skip(); /* there accept() takes the client, closes it, and then says EMFILE */
	}
	assert_int_equal(mdl_listen(dev, p->path), 0);
	fd = dial(p->path);
	getrlimit(RLIMIT_NOFILE, &before);
	none = before;
	none.rlim_cur = (rlim_t)fd; /* all below are in use */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	serve(dev);
	assert_int_equal(poll(&ready, 1, 0), 0);
	assert_int_equal(((struct core *)mdl_instance(dev))->came, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_int_equal(poll(&ready, 1, 5000), 1); /* it tries again by itself */
	greet(dev, fd);
	close(fd);
	mdl_destroy(dev);
}

static void adopted_listening(void **state)
{
	struct place *p = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), client;
	struct mdl_dev *dev = make();

	strcpy(address.sun_path, p->path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(server_adopt(dev, fd), 0);
	for (int i = 0; i < 3; i++) {
		client = dial(p->path);
		greet(dev, client);
		close(client);
		serve(dev);
	}
	assert_false(server_over(dev));
	mdl_destroy(dev);
	assert_true(there(p->path)); /* whoever made it removes it */
}

static void adopted_connected(void **state)
{
	struct mdl_dev *dev = make();
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	assert_int_equal(server_adopt(dev, fds[0]), 0);
	greet(dev, fds[1]);
	close(fds[1]);
	serve(dev);
	assert_true(server_over(dev));
	mdl_destroy(dev);
}

static void adopted_nonsense(void **state)
{
	struct mdl_dev *dev = make();
	int fds[2];

	(void)state;
	assert_int_equal(server_adopt(dev, 987), -EBADF);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(server_adopt(dev, fds[0]), -ENOTSOCK);
	close(fds[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	assert_int_equal(server_adopt(dev, fds[0]), -EPROTOTYPE);
	close(fds[1]);
	mdl_destroy(dev);
}

static void one_attached_at_a_time(void **state)
{
	struct mdl_dev *dev = make();
	int a[2], b[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, a), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, b), 0);
	assert_int_equal(mdl_attach(dev, a[0]), 0);
	assert_int_equal(mdl_attach(dev, b[0]), -EISCONN); /* and b[0] is closed */
	greet(dev, a[1]);
	close(a[1]);
	close(b[1]);
	mdl_destroy(dev);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(made_and_removed),
		TEST(bad_paths),
		TEST(a_file_is_not_touched),
		TEST(the_file_appears_when_it_listens),
		TEST(the_longest_path),
		TEST(a_stale_socket_is_replaced),
		TEST(a_live_one_is_refused),
		TEST(anothers_file_is_left),
		TEST(come_and_go),
		TEST(a_second_client),
		TEST(no_descriptors_left),
		TEST(adopted_listening),
		TEST(adopted_connected),
		TEST(adopted_nonsense),
		TEST(one_attached_at_a_time),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
