/* Prints the class and the logits of each image in the file "images"; see Scripts/check-device. */
#include <stdint.h>
#include <stdio.h>

int PREDICT(const uint8_t *image, int8_t *logits);

int main(void)
{
    static uint8_t image[IMAGE_BYTES];
    int8_t logits[CLASSES];
    FILE *images = fopen("images", "rb");
    if (!images) return 1;
    while (fread(image, 1, sizeof image, images) == sizeof image) {
        printf("%d", PREDICT(image, logits));
        for (int k = 0; k < CLASSES; k++) printf(" %d", logits[k]);
        printf("\n");
    }
    return 0;
}
