// JPEG files through libjpeg, whose errors are jumps out of its functions: here they become results,
// because no jump may cross a frame of Swift's.
#ifndef PTRAIN_CJPEG_H
#define PTRAIN_CJPEG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A file that is being decoded; used by one thread at a time.
typedef struct ptrain_jpeg ptrain_jpeg;

typedef struct {
  uint32_t width, height;
  /// Values of a decoded pixel: 1 grey, 3 red, green and blue, 4 cyan, magenta, yellow and black.
  int channels;
  /// Whether 255 stands for no ink, as Adobe's files have it.
  bool is_inverted;
  /// The first block of Exif behind its name, inside of the decoder; NULL where there is none.
  const uint8_t *exif;
  size_t exif_byte_count;
} ptrain_jpeg_header;

/// A decoder of `bytes`, which must stay where they are; NULL without memory.
ptrain_jpeg *ptrain_jpeg_open(const uint8_t *bytes, size_t byte_count);

/// Reads all that stands before the pixels; false with a message.
bool ptrain_jpeg_read_header(ptrain_jpeg *file, ptrain_jpeg_header *header);

/// Decodes to `pixels` `[height, width, channels]`, once, after the header; false with a message.
bool ptrain_jpeg_read_pixels(ptrain_jpeg *file, uint8_t *pixels);

/// Why the last function returned false; valid as long as the decoder.
const char *ptrain_jpeg_message(const ptrain_jpeg *file);

void ptrain_jpeg_close(ptrain_jpeg *file);

#endif
