"""OpenCV as most Python programs use it: VideoCapture on V4L2, MJPEG asked for, each picture decoded to BGR.

`opencv_camera.py INDEX WIDTH HEIGHT FPS` prints `frames N` after each picture and runs until it is ended.
"""

import sys

import cv2


def main() -> int:
    index, width, height, fps = (int(word) for word in sys.argv[1:5])
    capture = cv2.VideoCapture(index, cv2.CAP_V4L2)
    capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter_fourcc(*"MJPG"))
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)
    capture.set(cv2.CAP_PROP_FPS, fps)
    count = 0
    while True:
        read, picture = capture.read()
        if not read:
            print("OpenCV reads no picture from this camera", file=sys.stderr)
            return 1
        if picture.shape[:2] != (height, width):
            print(f"OpenCV reads {picture.shape}, not {width}x{height}", file=sys.stderr)
            return 1
        count += 1
        print(f"frames {count}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
