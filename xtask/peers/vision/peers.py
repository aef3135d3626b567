"""Times other programs on the frames of `cargo xtask bench vision`: peers.py FILE.ppm..., a line `figure NAME = VALUE UNIT` each.

Times are the processor's for all threads of this process, so that a pool of threads hides nothing. OpenCV runs on one thread;
MediaPipe's networks run on one by default. Its process() also carries the frame into its graph and the answer out of it.
"""

import os
import sys
import time

os.environ.setdefault("GLOG_minloglevel", "3")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import cv2
import mediapipe
import numpy as np

cv2.setNumThreads(1)


def measure(name, call, frames, calls):
    for frame in frames:
        call(frame)
    times = []
    for index in range(calls):
        frame = frames[index % len(frames)]
        before = time.process_time_ns()
        call(frame)
        times.append((time.process_time_ns() - before) / 1e6)
    print(f"figure peer_{name} = {np.mean(times):.3f} ms")
    print(f"figure peer_{name}_p50 = {np.percentile(times, 50):.3f} ms")


def found(name, count):
    print(f"figure peer_{name}_found = {count} frames")


def main(files):
    colour = [cv2.cvtColor(cv2.imread(file), cv2.COLOR_BGR2RGB) for file in files]
    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in colour]
    if not colour:
        sys.exit("no frames")

    detection = mediapipe.solutions.face_detection.FaceDetection(model_selection=0, min_detection_confidence=0.6)
    found("mediapipe", sum(bool(detection.process(frame).detections) for frame in colour))
    measure("mediapipe_detector", detection.process, colour, 120)

    options = {"max_num_faces": 1, "refine_landmarks": False, "min_detection_confidence": 0.6}
    single = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=True, **options)
    found("mediapipe_mesh", sum(bool(single.process(frame).multi_face_landmarks) for frame in colour))
    measure("mediapipe_detector_and_mesh", single.process, colour, 120)
    following = mediapipe.solutions.face_mesh.FaceMesh(static_image_mode=False, **options)
    measure("mediapipe_following", following.process, colour[:1], 120)

    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_default.xml")
    found("haar", sum(len(cascade.detectMultiScale(frame, 1.1, 3)) == 1 for frame in grey))
    measure("haar", lambda frame: cascade.detectMultiScale(frame, 1.1, 3), grey, 24)

    measure("laplacian", lambda frame: cv2.Laplacian(frame, cv2.CV_64F).var(), grey, 60)
    measure("mean_luma", lambda frame: frame.mean(), grey, 60)


main(sys.argv[1:])
