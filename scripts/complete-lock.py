#!/usr/bin/env python3
"""Completes package-lock.json after `npm install` on a registry that lacks some packages for other platforms.

npm leaves out of the lock file what the registry answers with 404; `npm ci` then calls the lock file incomplete and stops,
although the packages are optional and for other machines. This adds them as npm itself lists them, without integrity.
"""
import json
import pathlib

path = pathlib.Path(__file__).parent.parent / 'package-lock.json'
lock = json.loads(path.read_text())
packages = lock['packages']

added = {}
for parent in list(packages.values()):
    for name, version in parent.get('optionalDependencies', {}).items():
        if any(known.endswith('node_modules/' + name) for known in packages):
            continue
        os, cpu, *libc = name.split('/')[-1].replace('binding-', '').split('-')
        entry = {'version': version, 'cpu': [cpu], 'dev': True, 'license': parent.get('license', 'MIT'), 'optional': True, 'os': [os]}
        if os == 'linux' and libc:
            entry['libc'] = ['musl' if 'musl' in libc[0] else 'glibc']
        added['node_modules/' + name] = entry

packages.update(added)
lock['packages'] = {'': packages.pop('')} | dict(sorted(packages.items()))
path.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + '\n')
print(len(added), 'added')
