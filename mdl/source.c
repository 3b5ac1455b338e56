/* SPDX-License-Identifier: BSD-2-Clause */
/* Source files: reading, line tables, and which bytes are text at all. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source.h"

#define MAX_SOURCE (64u << 20) /* a description of 500,000 registers; much more is none */
#define MAX_BAD    10          /* reports of one file: it may be no text at all */

static uint32_t count_lines(const char *text, size_t size)
{
	uint32_t n = 1;

	for (const char *p = text; (p = memchr(p, '\n', size - (size_t)(p - text))); p++)
		n++;
	return n;
}

struct source *source_of_text(struct arena *arena, const char *name, const char *text, size_t size)
{
	struct source *source = arena_new(arena, struct source);
	uint32_t *starts;

	source->name = arena_copy(arena, name, strlen(name));
	source->text = arena_copy(arena, text, size);
	source->size = size;
	source->nlines = count_lines(source->text, size);
	starts = arena_array(arena, uint32_t, source->nlines);
	text = source->text;
	for (uint32_t line = 1; line < source->nlines; line++) {
		text = (const char *)memchr(text, '\n', size - (size_t)(text - source->text)) + 1;
		starts[line] = (uint32_t)(text - source->text);
	}
	source->line_starts = starts;
	return source;
}

/*
 * Whole, whatever it is: a pipe does not know its size.  Behind a NUL is nothing to be read: that
 * is no text, and may have no end.
 */
static char *read_all(int fd, size_t *size, int *error)
{
	size_t capacity = 64 * 1024;
	char *text = malloc(capacity);
	ssize_t n = text ? 1 : -1;

	*size = 0;
	while (n > 0) {
		if (*size == capacity) {
			char *larger = realloc(text, capacity *= 2);

			if (!larger) {
				errno = ENOMEM;
				n = -1;
				break;
			}
			text = larger;
		}
		do
			n = read(fd, text + *size, capacity - *size);
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			break;
		*size += (size_t)n;
		if (memchr(text + *size - n, '\0', (size_t)n))
			break;
		if (*size > MAX_SOURCE) {
			errno = EFBIG;
			n = -1;
		}
	}
	*error = n < 0 ? errno : 0;
	if (n < 0) {
		free(text);
		return NULL;
	}
	return text;
}

struct source *source_read(struct arena *arena, const char *name, int *error)
{
	const bool is_stdin = !strcmp(name, "-");
	int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct source *source;
	size_t size;
	char *text;

	if (fd < 0) {
		*error = errno;
		return NULL;
	}
	text = read_all(fd, &size, error);
	if (!is_stdin)
		close(fd);
	if (!text)
		return NULL;
	source = source_of_text(arena, is_stdin ? "<stdin>" : name, text, size);
	free(text);
	return source;
}

unsigned utf8_decode(const char *text, size_t size, uint32_t *code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	unsigned length;

	*code = p[0];
	if (p[0] < 0x80)
		return 1;
	length = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || length > size)
		return 0;
	*code = p[0] & (0x7fu >> length);
	for (unsigned i = 1; i < length; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (p[i] & 0x3f);
	}
	if (*code < least[length] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
		return 0;
	return length;
}

static bool in_ranges(uint32_t code, const uint32_t (*ranges)[2], size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return false;
}

/* The large blocks of combining and of wide characters: enough to put a caret under a word. */
unsigned char_width(uint32_t code)
{
	static const uint32_t none[][2] = {
		{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},
		{0x64b, 0x65f},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
		{0x2060, 0x2064}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
		{0xfeff, 0xfeff},
	};
	static const uint32_t wide[][2] = {
		{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},
		{0x4e00, 0x9fff},   {0xa000, 0xa4cf},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
		{0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f},
		{0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
	};

	if (code < 0x300)
		return 1;
	if (in_ranges(code, none, sizeof(none) / sizeof(none[0])))
		return 0;
	return in_ranges(code, wide, sizeof(wide) / sizeof(wide[0])) ? 2 : 1;
}

const char *source_line(const struct source *source, uint32_t line, size_t *size)
{
	size_t start = source->line_starts[line - 1];
	size_t end = line < source->nlines ? source->line_starts[line] - 1 : source->size;

	if (end > start && source->text[end - 1] == '\r')
		end--;
	*size = end - start;
	return source->text + start;
}

struct loc source_place(const struct source *source, uint32_t offset, uint32_t length)
{
	uint32_t low = 0, high = source->nlines;
	uint32_t col;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (source->line_starts[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	col = offset - source->line_starts[low] + 1;
	return (struct loc){source, low + 1, col, low + 1, col + length};
}

static bool is_text(const struct source *source, size_t i)
{
	unsigned char c = (unsigned char)source->text[i];

	if (c == '\r')
		return i + 1 < source->size && source->text[i + 1] == '\n';
	return c == '\t' || c == '\n' || (c >= 0x20 && c != 0x7f);
}

static void report_byte(const struct source *source, struct diag *diag, size_t i)
{
	unsigned char c = (unsigned char)source->text[i];
	struct loc loc = source_place(source, (uint32_t)i, 1);

	if (c >= 0x80)
		diag_report(diag, CHECK_BAD_ENCODING, loc, "byte 0x%02x is not UTF-8 here", c);
	else if (c == '\r')
		diag_report(diag, CHECK_BAD_CHARACTER, loc,
			    "a carriage return without a line feed");
	else
		diag_report(diag, CHECK_BAD_CHARACTER, loc, "control character 0x%02x", c);
}

bool source_is_binary(const struct source *source)
{
	return memchr(source->text, '\0', source->size);
}

bool source_check(const struct source *source, struct diag *diag)
{
	unsigned bad = 0, length;
	uint32_t code;

	if (source_is_binary(source)) {
		diag_report(diag, CHECK_BAD_ENCODING,
			    source_place(source, (uint32_t)strlen(source->text), 1),
			    "a NUL byte: this is no text");
		return false;
	}
	for (size_t i = 0; i < source->size && bad < MAX_BAD; i += length ? length : 1) {
		unsigned char c = (unsigned char)source->text[i];

		length = 1;
		if (c >= 0x80)
			length = utf8_decode(source->text + i, source->size - i, &code);
		if (length && (c >= 0x20 || is_text(source, i)) && c != 0x7f)
			continue;
		report_byte(source, diag, i);
		bad++;
	}
	return !bad;
}

static void add_source(struct tree *tree, struct source *source)
{
	struct source **end = &tree->sources;
	unsigned n = 1;

	for (; *end; end = &(*end)->next)
		n++;
	source->number = n;
	*end = source;
	if (!source_check(source, tree->diag))
		tree->syntax_errors = true;
}

struct source *source_open(struct tree *tree, const char *name, const struct loc *at)
{
	const struct loc nowhere = {0};
	int error = 0;
	struct source *source = source_read(tree->arena, name, &error);

	if (source)
		add_source(tree, source);
	else
		diag_report(tree->diag, CHECK_FILE, at ? *at : nowhere, "cannot read '%s': %s",
			    name, strerror(error));
	return source && !source_is_binary(source) ? source : NULL;
}

struct source *source_from_text(struct tree *tree, const char *name, const char *text, size_t size)
{
	struct source *source = source_of_text(tree->arena, name, text, size);

	add_source(tree, source);
	return source_is_binary(source) ? NULL : source;
}

static bool is_there(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

const char *source_find(struct tree *tree, const struct source *from, const char *name,
			const char *const *folders, unsigned nfolders)
{
	const char *slash = strrchr(from->name, '/');
	const char *path = name;

	if (name[0] == '/')
		return is_there(name) ? name : NULL;
	if (slash)
		path = arena_printf(tree->arena, "%.*s/%s", (int)(slash - from->name), from->name,
				    name);
	if (is_there(path))
		return path;
	for (unsigned i = 0; i < nfolders; i++) {
		path = arena_printf(tree->arena, "%s/%s", folders[i], name);
		if (is_there(path))
			return path;
	}
	return NULL;
}
