// libjpeg with every choice fixed that decides about pixels: the accurate integer cosine transform and
// smooth upsampling of colours, which have one arithmetic on every machine and are its defaults, and no
// smoothing of blocks, which differs between versions.
#include "CPTrainJPEG.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include <jerror.h>

enum {
  /// Each scan of a progressive file costs time for all of its pixels; encoders write about ten.
  scan_limit = 500,
  exif_marker = JPEG_APP0 + 1,
  exif_name_length = 6,
};

struct ptrain_jpeg {
  struct jpeg_decompress_struct decoder;
  struct jpeg_error_mgr errors;
  struct jpeg_progress_mgr progress;
  jmp_buf refusal;
  const uint8_t *bytes;
  size_t byte_count;
  bool ended_early;
  char message[JMSG_LENGTH_MAX];
};

static ptrain_jpeg *file_of(j_common_ptr decoder) { return decoder->client_data; }

static void refuse(j_common_ptr decoder) {
  ptrain_jpeg *file = file_of(decoder);
  decoder->err->format_message(decoder, file->message);
  longjmp(file->refusal, 1);
}

static void refuse_with(j_common_ptr decoder, const char *message) {
  ptrain_jpeg *file = file_of(decoder);
  strncpy(file->message, message, sizeof file->message - 1);
  longjmp(file->refusal, 1);
}

/// Warnings after which pixels are missing or guessed end the decoding; others say that something is
/// odd about a file whose pixels are all there.
static void note(j_common_ptr decoder, int level) {
  if (level >= 0) return;
  switch (decoder->err->msg_code) {
    case JWRN_JPEG_EOF: file_of(decoder)->ended_early = true; break;
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC: refuse(decoder);
  }
}

static void ignore_message(j_common_ptr decoder) { (void)decoder; }

static void limit_scans(j_common_ptr decoder) {
  if (((j_decompress_ptr)decoder)->input_scan_number > scan_limit)
    refuse_with(decoder, "more than 500 scans");
}

ptrain_jpeg *ptrain_jpeg_open(const uint8_t *bytes, size_t byte_count) {
  ptrain_jpeg *file = calloc(1, sizeof *file);
  if (!file) return NULL;
  file->bytes = bytes;
  file->byte_count = byte_count;
  file->decoder.err = jpeg_std_error(&file->errors);
  file->errors.error_exit = refuse;
  file->errors.emit_message = note;
  file->errors.output_message = ignore_message;
  file->progress.progress_monitor = limit_scans;
  return file;
}

static void find_exif(j_decompress_ptr decoder, ptrain_jpeg_header *header) {
  for (jpeg_saved_marker_ptr marker = decoder->marker_list; marker; marker = marker->next) {
    if (marker->marker != exif_marker || marker->data_length < exif_name_length) continue;
    if (memcmp(marker->data, "Exif\0", exif_name_length) != 0) continue;
    header->exif = marker->data + exif_name_length;
    header->exif_byte_count = marker->data_length - exif_name_length;
    return;
  }
}

bool ptrain_jpeg_read_header(ptrain_jpeg *file, ptrain_jpeg_header *header) {
  j_decompress_ptr decoder = &file->decoder;
  memset(header, 0, sizeof *header);
  if (setjmp(file->refusal)) return false;
  // Clears all of the decoder but its error manager and client data.
  decoder->client_data = file;
  jpeg_create_decompress(decoder);
  decoder->progress = &file->progress;
  jpeg_mem_src(decoder, (unsigned char *)file->bytes, file->byte_count);
  jpeg_save_markers(decoder, exif_marker, 0xffff);
  jpeg_read_header(decoder, TRUE);
  switch (decoder->num_components) {
    case 1: decoder->out_color_space = JCS_GRAYSCALE; break;
    case 3: decoder->out_color_space = JCS_RGB; break;
    case 4: decoder->out_color_space = JCS_CMYK; break;
    default: refuse_with((j_common_ptr)decoder, "neither grey, nor colour, nor CMYK");
  }
  decoder->dct_method = JDCT_ISLOW;
  decoder->do_fancy_upsampling = TRUE;
  decoder->do_block_smoothing = FALSE;
  header->width = decoder->image_width;
  header->height = decoder->image_height;
  header->channels = decoder->num_components;
  header->is_inverted = decoder->saw_Adobe_marker;
  find_exif(decoder, header);
  return true;
}

bool ptrain_jpeg_read_pixels(ptrain_jpeg *file, uint8_t *pixels) {
  j_decompress_ptr decoder = &file->decoder;
  if (setjmp(file->refusal)) return false;
  jpeg_start_decompress(decoder);
  size_t stride = (size_t)decoder->output_width * (size_t)decoder->output_components;
  while (decoder->output_scanline < decoder->output_height) {
    JSAMPROW row = pixels + decoder->output_scanline * stride;
    jpeg_read_scanlines(decoder, &row, 1);
  }
  // One scan with all of its pixels may lack the marker behind them; of several, one may be missing.
  if (file->ended_early && jpeg_has_multiple_scans(decoder))
    refuse_with((j_common_ptr)decoder, "Premature end of JPEG file");
  return true;
}

const char *ptrain_jpeg_message(const ptrain_jpeg *file) { return file->message; }

void ptrain_jpeg_close(ptrain_jpeg *file) {
  jpeg_destroy_decompress(&file->decoder);
  free(file);
}
