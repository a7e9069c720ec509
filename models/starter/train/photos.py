"""Fetches the 20 photos and drawings on which the autoencoder is measured (it was trained on none of them): python photos.py FOLDER

They come out of packages of PyPI (pip) and Debian 12 (apt-get), are used for measuring alone and are not part of the model or the repository.
"""
import glob
import os
import subprocess
import sys
import tempfile
import zipfile

# package, file name, author, licence
PICTURES = [
    ("scikit-image", "astronaut.png", "NASA", "public domain"),
    ("scikit-image", "chelsea.png", "Stefan van der Walt", "CC0"),
    ("scikit-image", "coffee.png", "Rachel Michetti", "CC0"),
    ("scikit-image", "rocket.jpg", "SpaceX", "public domain"),
    ("scikit-image", "hubble_deep_field.jpg", "NASA", "public domain"),
    ("scikit-learn", "china.jpg", "danielbuechele", "CC BY 2.0"),
    ("scikit-learn", "flower.jpg", "vultilion", "CC BY 2.0"),
    ("lomiri-wallpapers-16.04", "aitzgorri_by_Aitzol_Berasategi.jpg", "Aitzol Berasategi", "CC BY 4.0"),
    ("lomiri-wallpapers-16.04", "friends_by_Aitzol_Berasategi.jpg", "Aitzol Berasategi", "CC BY 4.0"),
    ("lomiri-wallpapers-16.04", "life_by_Aitzol_Berasategi.jpg", "Aitzol Berasategi", "CC BY 4.0"),
    ("lomiri-wallpapers-16.04", "picosdeeuropa_by_Aitzol_Berasategi.jpg", "Aitzol Berasategi", "CC BY 4.0"),
    ("lomiri-wallpapers-16.04", "seeding_by_Clements_Engelhardt.jpg", "Clemens Engelhardt", "CC0"),
    ("lomiri-wallpapers-16.04", "sunset_by_Aitzol_Berasategi.jpg", "Aitzol Berasategi", "CC BY 4.0"),
    ("lomiri-wallpapers-16.04", "umang_by_Abhishek_Mudgal.jpg", "Abhishek Mudgal", "CC BY 4.0"),
    ("lomiri-wallpapers-16.04", "Wine_by_Jakkub_Mede.jpg", "Jakub Mede", "CC BY 4.0"),
    ("lomiri-wallpapers-16.04", "Picture_1A_by_freespace.jpg", 'Trevor "Freespace"', "CC BY 4.0"),
    ("lomiri-wallpapers-20.04", "Painting-Colors_by__herobrine7gamer.jpg", "herobrine7gamer", "CC BY-SA 3.0"),
    ("ukui-wallpapers", "city.png", "Ubuntu Kylin contributors", "CC BY-SA 3.0"),
    ("ukui-wallpapers", "desert.png", "Ubuntu Kylin contributors", "CC BY-SA 3.0"),
    ("ukui-wallpapers", "goldfish.png", "Ubuntu Kylin contributors", "CC BY-SA 3.0"),
]


def main(folder):
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as tmp:
        for package in dict.fromkeys(p[0] for p in PICTURES):
            if package.startswith("scikit"):
                subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "-q", "-d", tmp, package], check=True)
                with zipfile.ZipFile(glob.glob(os.path.join(tmp, package.replace("-", "_") + "*.whl"))[0]) as z:
                    z.extractall(os.path.join(tmp, package))
            else:
                subprocess.run(["apt-get", "download", "-q", package], check=True, cwd=tmp)
                subprocess.run(["dpkg-deb", "-x", glob.glob(os.path.join(tmp, package + "_*.deb"))[0], os.path.join(tmp, package)], check=True)
        for package, name, _, _ in PICTURES:
            found = [f for f in glob.glob(os.path.join(tmp, package, "**", name), recursive=True)]
            with open(found[0], "rb") as src, open(os.path.join(folder, name), "wb") as dst:
                dst.write(src.read())
    print(len(PICTURES), "pictures in", folder)


if __name__ == "__main__":
    main(sys.argv[1])
