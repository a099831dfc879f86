"""Resizing, rotation and test sizes by Pillow, for data/augment.h.

    python3 make.py >pillow.u8

The picture has 37 columns and 29 rows: channel c of pixel (x, y) is (x x (3 + c) + y y (5 - c) + 7 x y) mod 256, so that
it is rough enough for every tap to matter. Written one after the other, [rows, columns, 3]:
  crop (left 5, top 3, 20 x 17)  resized to 24 x 24, BICUBIC   (enlarged)
  crop (left 0, top 0, 37 x 29)  resized to 12 x 12, BICUBIC   (reduced)
  the second one's rotation by 33 degrees, BICUBIC
  the first one's rotation by -117.25 degrees, BICUBIC
  the whole picture resized to 16 x 16, BILINEAR               (evaluation)
"""
import sys

from PIL import Image

W, H = 37, 29
picture = Image.new("RGB", (W, H))
picture.putdata([tuple((x * x * (3 + c) + y * y * (5 - c) + 7 * x * y) % 256 for c in range(3))
                 for y in range(H) for x in range(W)])
large = picture.crop((5, 3, 25, 20)).resize((24, 24), Image.BICUBIC)
small = picture.resize((12, 12), Image.BICUBIC)
for image in (large, small, small.rotate(33, Image.BICUBIC), large.rotate(-117.25, Image.BICUBIC),
              picture.resize((16, 16), Image.BILINEAR)):
    sys.stdout.buffer.write(image.tobytes())
