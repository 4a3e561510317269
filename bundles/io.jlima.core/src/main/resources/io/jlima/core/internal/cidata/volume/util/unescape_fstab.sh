#!/bin/sh
# Turns the escapes of fstab(5) in the standard input back into what they stand for.
sed -e 's/\\040/ /g' -e "s/\\\\011/$(printf '\t')/g" -e 's/\\043/#/g' -e 's/\\134/\\/g'
