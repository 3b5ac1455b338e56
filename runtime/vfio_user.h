/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vfio-user wire format: numbers and layouts from QEMU's docs/interop/vfio-user.rst.
 * Integers are host-endian.  Structures are only ever copied in and out of buffers.
 */
#ifndef VFIO_USER_H
#define VFIO_USER_H

#include <stdint.h>

enum vu_command {
	VU_VERSION = 1,
	VU_DMA_MAP = 2,
	VU_DMA_UNMAP = 3,
	VU_DEVICE_GET_INFO = 4,
	VU_DEVICE_GET_REGION_INFO = 5,
	VU_DEVICE_GET_REGION_IO_FDS = 6,
	VU_DEVICE_GET_IRQ_INFO = 7,
	VU_DEVICE_SET_IRQS = 8,
	VU_REGION_READ = 9,
	VU_REGION_WRITE = 10,
	VU_DMA_READ = 11,
	VU_DMA_WRITE = 12,
	VU_DEVICE_RESET = 13,
	VU_REGION_WRITE_MULTI = 15,
	VU_DEVICE_FEATURE = 16,
	VU_MIG_DATA_READ = 17,
	VU_MIG_DATA_WRITE = 18,
};

#define VU_TYPE_MASK 0xfu
#define VU_TYPE_REQUEST 0u
#define VU_TYPE_REPLY 1u
#define VU_NO_REPLY 0x10u
#define VU_ERROR 0x20u

struct vu_header {
	uint16_t id;
	uint16_t command;
	uint32_t size;           /* of the whole message */
	uint32_t flags;
	uint32_t error;          /* errno, positive */
};

#define VU_HEADER_SIZE 16

struct vu_dma_map { uint32_t argsz, flags; uint64_t offset, address, size; };
struct vu_dma_unmap { uint32_t argsz, flags; uint64_t address, size; };
#define VU_DMA_MAP_READ 1u
#define VU_DMA_MAP_WRITE 2u
#define VU_DMA_UNMAP_ALL 2u

struct vu_device_info { uint32_t argsz, flags, num_regions, num_irqs; };
#define VU_DEVICE_FLAG_RESET 1u
#define VU_DEVICE_FLAG_PCI 2u

struct vu_region_info { uint32_t argsz, flags, index, cap_offset; uint64_t size, offset; };
#define VU_REGION_FLAG_READ 1u
#define VU_REGION_FLAG_WRITE 2u
#define VU_REGION_FLAG_MMAP 4u
#define VU_REGION_FLAG_CAPS 8u
#define VU_REGION_CAP_SPARSE_MMAP 1u
struct vu_region_cap_header { uint16_t id, version; uint32_t next; };
struct vu_sparse_mmap { struct vu_region_cap_header header; uint32_t nr_areas, reserved; };
struct vu_sparse_area { uint64_t offset, size; };

struct vu_region_io_fds { uint32_t argsz, flags, index, count; };
enum vu_io_fd_type { VU_IO_FD_IOEVENTFD, VU_IO_FD_IOREGIONFD, VU_IO_FD_SHADOW };
struct vu_sub_region {
	uint64_t offset, size;
	uint32_t fd_index, type, flags, padding;
	uint64_t datamatch;
};

enum vu_region { VU_REGION_BAR0 = 0, VU_REGION_ROM = 6, VU_REGION_CONFIG = 7, VU_REGION_VGA = 8,
		 VU_NUM_REGIONS = 9 };
enum vu_irq { VU_IRQ_INTX, VU_IRQ_MSI, VU_IRQ_MSIX, VU_IRQ_ERR, VU_IRQ_REQ, VU_NUM_IRQS };

struct vu_irq_info { uint32_t argsz, flags, index, count; };
#define VU_IRQ_INFO_EVENTFD 1u
#define VU_IRQ_INFO_MASKABLE 2u
#define VU_IRQ_INFO_AUTOMASKED 4u
#define VU_IRQ_INFO_NORESIZE 8u
struct vu_irq_set { uint32_t argsz, flags, index, start, count; };
#define VU_IRQ_SET_DATA_NONE 1u
#define VU_IRQ_SET_DATA_BOOL 2u
#define VU_IRQ_SET_DATA_EVENTFD 4u
#define VU_IRQ_SET_ACTION_MASK 8u
#define VU_IRQ_SET_ACTION_UNMASK 16u
#define VU_IRQ_SET_ACTION_TRIGGER 32u

struct vu_region_access { uint64_t offset; uint32_t region, count; };
struct vu_write_multi { uint64_t offset; uint32_t region, count; uint8_t data[8]; };
struct vu_dma_access { uint64_t address, count; };

struct vu_feature { uint32_t argsz, flags; };
#define VU_FEATURE_MASK 0xffffu
#define VU_FEATURE_GET (1u << 16)
#define VU_FEATURE_SET (1u << 17)
#define VU_FEATURE_PROBE (1u << 18)
enum vu_feature_index {
	VU_FEATURE_MIGRATION = 1,
	VU_FEATURE_MIG_DEVICE_STATE = 2,
	VU_FEATURE_DMA_LOGGING_START = 6,
	VU_FEATURE_DMA_LOGGING_STOP = 7,
	VU_FEATURE_DMA_LOGGING_REPORT = 8,
};
#define VU_MIGRATION_STOP_COPY 1u
#define VU_MIGRATION_PRE_COPY 4u
struct vu_mig_device_state { uint32_t state, data_fd; };
enum vu_mig_state {
	VU_MIG_ERROR = 0, VU_MIG_STOP = 1, VU_MIG_RUNNING = 2, VU_MIG_STOP_COPY = 3,
	VU_MIG_RESUMING = 4, VU_MIG_PRE_COPY = 6,
};
struct vu_dma_logging_control { uint64_t page_size; uint32_t num_ranges, reserved; };
struct vu_dma_logging_range { uint64_t iova, length; };
struct vu_dma_logging_report { uint64_t iova, length, page_size; };
struct vu_mig_data { uint32_t argsz, size; };

#endif
