// SPDX-License-Identifier: BSD-2-Clause
/* DMA logging: which of the client's pages did the device write? */
#include "conform.h"

#include <string.h>

#define START  (VU_FEATURE_SET | (uint32_t)VU_FEATURE_DMA_LOGGING_START)
#define STOP   (VU_FEATURE_SET | (uint32_t)VU_FEATURE_DMA_LOGGING_STOP)
#define REPORT (VU_FEATURE_GET | (uint32_t)VU_FEATURE_DMA_LOGGING_REPORT)
#define PAGE   UINT64_C(4096)
#define IOVA   UINT64_C(0x10000000)

static bool has_logging(struct probe *probe)
{
	return client_feature(&probe->client,
			      VU_FEATURE_PROBE | VU_FEATURE_SET | VU_FEATURE_DMA_LOGGING_START,
			      NULL, 0, NULL, 0) == 0;
}

struct start {
	struct vu_dma_logging_control control;
	struct vu_dma_logging_range ranges[4];
};

static ssize_t start(struct probe *probe, uint64_t page_size, uint32_t num_ranges, unsigned there,
		     struct start *reply)
{
	struct start request = {
		{page_size, num_ranges, 0},
		{{IOVA, 64 * PAGE}, {IOVA + 128 * PAGE, PAGE}, {0, PAGE}, {PAGE, PAGE}},
	};

	return client_feature(&probe->client, START, &request,
			      sizeof(request.control) + there * sizeof(request.ranges[0]), reply,
			      sizeof(*reply));
}

static int stop(struct probe *probe)
{
	return (int)client_feature(&probe->client, STOP, NULL, 0, NULL, 0);
}

/* Returns the bitmap's bytes, behind the 24 of the head, or an error. */
static ssize_t report(struct probe *probe, uint64_t iova, uint64_t length, uint64_t page_size,
		      uint64_t *bitmap, size_t max)
{
	struct vu_dma_logging_report request = {iova, length, page_size};
	uint8_t reply[sizeof(request) + 65536];
	ssize_t n = client_feature(&probe->client, REPORT, &request, sizeof(request), reply,
				   sizeof(reply));

	if (n < 0)
		return n;
	if ((size_t)n < sizeof(request) || memcmp(reply, &request, sizeof(request)) ||
	    (size_t)n - sizeof(request) > max)
		return -1;
	memcpy(bitmap, reply + sizeof(request), (size_t)n - sizeof(request));
	return n - (ssize_t)sizeof(request);
}

static enum verdict starts_and_stops(struct probe *probe)
{
	struct start reply;

	APPLIES_IF(probe, has_logging(probe), "the server does not log");
	for (int i = 0; i < 3; i++) {
		ssize_t n = start(probe, PAGE, 0, 0, &reply);

		REQUIRE(probe, n == sizeof(reply.control), "START of all: %zd", n);
		REQUIRE(probe, stop(probe) == 0, "STOP was refused");
		n = start(probe, PAGE, 2, 2, &reply);
		REQUIRE(probe, n == sizeof(reply.control) + 32, "START of two ranges: %zd", n);
		REQUIRE(probe, reply.control.num_ranges == 2 && reply.ranges[0].iova == IOVA,
			"the reply to START is not its request");
		REQUIRE(probe, stop(probe) == 0, "STOP was refused");
	}
	return HOLDS;
}

static enum verdict chosen_page_size(struct probe *probe)
{
	struct start reply;

	APPLIES_IF(probe, has_logging(probe), "the server does not log");
	for (unsigned shift = 12; shift <= 30; shift += 3) {
		ssize_t n = start(probe, UINT64_C(1) << shift, 0, 0, &reply);
		uint64_t chosen = reply.control.page_size;

		REQUIRE(probe, n == sizeof(reply.control), "START with pages of 2^%u: %zd", shift,
			n);
		REQUIRE(probe, chosen && !(chosen & (chosen - 1)), "the page size chosen is 0x%llx",
			(unsigned long long)chosen);
		REQUIRE(probe, stop(probe) == 0, "STOP was refused");
	}
	return HOLDS;
}

/* The specification calls it a hint: refusing and choosing another are both sound. */
static enum verdict odd_page_sizes(struct probe *probe)
{
	static const uint64_t sizes[] = {0,         1, 3, 512, 4095, 4097, 5000, UINT64_C(1) << 63,
					 UINT64_MAX};
	struct start reply;

	APPLIES_IF(probe, has_logging(probe), "the server does not log");
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ssize_t n = start(probe, sizes[i], 0, 0, &reply);
		uint64_t chosen = n < 0 ? 1 : reply.control.page_size;

		REQUIRE(probe, n >= 0 || n <= -CLIENT_REMOTE, "page size 0x%llx: %zd",
			(unsigned long long)sizes[i], n);
		REQUIRE(probe, chosen && !(chosen & (chosen - 1)), "the page size chosen is 0x%llx",
			(unsigned long long)chosen);
		if (n >= 0)
			stop(probe);
		REQUIRE(probe, conform_serves(&probe->client), "no service after page size 0x%llx",
			(unsigned long long)sizes[i]);
	}
	return HOLDS;
}

static enum verdict clean_report(struct probe *probe)
{
	static const struct {
		uint64_t iova, pages;
	} rows[] = {{IOVA, 64}, {IOVA, 1},   {IOVA + PAGE, 3}, {IOVA + 60 * PAGE, 4},
		    {IOVA, 65}, {IOVA, 4096}};
	struct start reply;
	uint64_t bitmap[512];

	APPLIES_IF(probe, has_logging(probe), "the server does not log");
	client_dma_map(&probe->client, IOVA, 64 * PAGE, 0, 3, -1);
	REQUIRE(probe, start(probe, PAGE, 0, 0, &reply) >= 0, "START failed");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t want = (rows[i].pages + 63) / 64 * 8;
		ssize_t n = report(probe, rows[i].iova, rows[i].pages * PAGE, PAGE, bitmap,
				   sizeof(bitmap));

		REQUIRE(probe, n == (ssize_t)want, "%llu pages: %zd bytes of bitmap, not %zu",
			(unsigned long long)rows[i].pages, n, want);
		for (size_t k = 0; k < want / 8; k++)
			REQUIRE(probe, bitmap[k] == 0, "pages are dirty that nobody wrote");
	}
	return stop(probe) == 0 ? HOLDS : conform_fail(probe, "STOP failed");
}

static enum verdict other_page_size(struct probe *probe)
{
	struct start reply;
	uint64_t bitmap[8192];

	APPLIES_IF(probe, has_logging(probe), "the server does not log");
	client_dma_map(&probe->client, IOVA, UINT64_C(1) << 28, 0, 3, -1);
	for (unsigned s = 12; s <= 21; s += 9) {
		REQUIRE(probe, start(probe, UINT64_C(1) << s, 0, 0, &reply) >= 0, "START failed");
		for (unsigned r = 12; r <= 24; r += 4) {
			uint64_t page = UINT64_C(1) << r;
			size_t want = (size_t)(((1u << 28) / page + 63) / 64 * 8);
			ssize_t n = report(probe, IOVA, 1u << 28, page, bitmap, sizeof(bitmap));

			REQUIRE(probe, n == (ssize_t)want,
				"pages of 2^%u reported, of 2^%u logged: %zd bytes, not %zu", r, s,
				n, want);
		}
		REQUIRE(probe, stop(probe) == 0, "STOP failed");
	}
	return HOLDS;
}

static enum verdict hostile_reports(struct probe *probe)
{
	static const struct {
		uint64_t iova, length, page_size;
	} rows[] = {
		{IOVA, PAGE, 0},
		{IOVA, PAGE, 3},
		{IOVA, PAGE, 5000},
		{IOVA, PAGE, UINT64_MAX},
		{UINT64_MAX - PAGE + 1, 2 * PAGE, PAGE},
		{PAGE, UINT64_MAX, PAGE},
		{0, UINT64_MAX, 1},
		{0, UINT64_C(1) << 62, PAGE},
		{0, UINT64_C(1) << 40, PAGE},
	};
	struct start reply;
	uint64_t bitmap[8192];

	APPLIES_IF(probe, has_logging(probe), "the server does not log");
	REQUIRE(probe, start(probe, PAGE, 0, 0, &reply) >= 0, "START failed");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ssize_t n = report(probe, rows[i].iova, rows[i].length, rows[i].page_size, bitmap,
				   sizeof(bitmap));

		REQUIRE(probe, n <= -CLIENT_REMOTE,
			"0x%llx at 0x%llx in pages of 0x%llx: %zd, no error",
			(unsigned long long)rows[i].length, (unsigned long long)rows[i].iova,
			(unsigned long long)rows[i].page_size, n);
	}
	report(probe, IOVA, 0, PAGE, bitmap, sizeof(bitmap)); /* nothing asked: either way */
	return conform_serves(&probe->client) ? HOLDS : conform_fail(probe, "no service after it");
}

static enum verdict ranges_missing(struct probe *probe)
{
	static const uint32_t counts[] = {1, 2, 1000, 0x10000000u, 0x10000001u, UINT32_MAX};
	struct start reply;

	APPLIES_IF(probe, has_logging(probe), "the server does not log");
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		ssize_t n = start(probe, PAGE, counts[i], i == 0 ? 0 : 1, &reply);

		REQUIRE(probe, n <= -CLIENT_REMOTE, "%u ranges announced that did not come: %zd",
			counts[i], n);
	}
	return HOLDS;
}

static enum verdict wrong_order(struct probe *probe)
{
	struct start reply;
	uint64_t bitmap[8];

	APPLIES_IF(probe, has_logging(probe), "the server does not log");
	ssize_t n = report(probe, IOVA, PAGE, PAGE, bitmap, sizeof(bitmap));

	REQUIRE(probe, n <= -CLIENT_REMOTE, "REPORT before START: %zd", n);
	REQUIRE(probe, start(probe, PAGE, 0, 0, &reply) >= 0, "START failed");
	n = start(probe, PAGE, 0, 0, &reply);
	REQUIRE(probe, n >= 0 || n <= -CLIENT_REMOTE, "a second START: %zd", n);
	REQUIRE(probe, stop(probe) == 0, "STOP failed");
	n = report(probe, IOVA, PAGE, PAGE, bitmap, sizeof(bitmap));
	REQUIRE(probe, n <= -CLIENT_REMOTE, "REPORT after STOP: %zd", n);
	REQUIRE(probe, conform_serves(&probe->client), "no service after it");
	return HOLDS;
}

static enum verdict gone_with_client(struct probe *probe)
{
	struct start reply;

	APPLIES_IF(probe, has_logging(probe), "the server does not log");
	for (int i = 0; i < 3; i++) {
		REQUIRE(probe, start(probe, PAGE, 0, 0, &reply) >= 0,
			"START failed for the next client");
		REQUIRE(probe, conform_again(probe, false) == 0, "cannot connect again");
	}
	return HOLDS;
}

#define SPEC "vfio-user specification, VFIO_DEVICE_FEATURE_DMA_LOGGING_"
const struct row rows_logging[] = {
	{"logging: starts and stops", SPEC "START, _STOP", 0, starts_and_stops},
	{"logging: the reply says which page size was chosen", SPEC "START", 0, chosen_page_size},
	{"logging: odd page sizes do no harm", SPEC "START", 0, odd_page_sizes},
	{"logging: reports of any part, clean while nothing was written", SPEC "REPORT", 0,
	 clean_report},
	{"logging: reports in another page size than was started", SPEC "REPORT", 0,
	 other_page_size},
	{"logging: reports that make no sense or no message are refused", SPEC "REPORT", 0,
	 hostile_reports},
	{"logging: ranges that did not come are refused", SPEC "START", 0, ranges_missing},
	{"logging: no report unless started", SPEC "REPORT", 0, wrong_order},
	{"logging: ends with its client", "Client Disconnection", 0, gone_with_client},
	{0},
};
