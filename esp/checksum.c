#include "checksum.h"

#include "esp/inner.h"

static uint32_t fold(uint64_t sum)
{
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint32_t)sum;
}

uint32_t checksum_add(uint32_t sum, struct bytes part)
{
	uint64_t total = sum;
	size_t i = 0;

	for (; i + 4 <= part.len; i += 4)
		total += load_u32(part.at + i);
	for (; i + 2 <= part.len; i += 2)
		total += load_u16(part.at + i);
	if (i < part.len)
		total += (uint32_t)part.at[i] << 8;
	return fold(total);
}

uint16_t checksum_finish(uint32_t sum)
{
	return (uint16_t)~fold(sum);
}

uint32_t checksum_pseudo(struct bytes from, struct bytes to, uint8_t protocol, size_t length)
{
	uint32_t sum = checksum_add(checksum_add(0, from), to);

	return fold((uint64_t)sum + protocol + length);
}

/* RFC 1624: HC' = ~(~HC + ~m + m') */
uint16_t checksum_mend(uint16_t checksum, struct bytes before, struct bytes after)
{
	uint32_t sum = (uint16_t)~checksum;

	sum += (uint16_t)~checksum_add(0, before);
	sum += checksum_add(0, after);
	return checksum_finish(sum);
}

uint16_t ip4_checksum(const uint8_t header[static 20])
{
	return checksum_finish(checksum_add(checksum_add(0, bytes_make(header, 10)), bytes_make(header + 12, 8)));
}
