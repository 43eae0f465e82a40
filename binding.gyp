{
  "target_defaults": {
    "cflags_cc!": ["-std=gnu++17", "-std=gnu++20"],
    "cflags_cc": ["-std=c++20", "-fvisibility=hidden", "-Wall", "-Wextra"],
    "cflags": ["-O3"],
    "include_dirs": ["native"],
    "conditions": [
      ["OS=='linux'", {
        # The engine outlives the environment that loaded it: its code must stay mapped.
        "ldflags": ["-Wl,-z,nodelete"],
      }],
      ["OS=='mac'", {
        "xcode_settings": {
          "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
          "CLANG_CXX_LIBRARY": "libc++",
          "GCC_OPTIMIZATION_LEVEL": "3",
          "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
          "GCC_ENABLE_CPP_RTTI": "NO",
          "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
          "MACOSX_DEPLOYMENT_TARGET": "11.0",
          "WARNING_CFLAGS": ["-Wall", "-Wextra"],
        },
      }],
      ["OS=='win'", {
        "defines": ["NOMINMAX", "WIN32_LEAN_AND_MEAN", "_HAS_EXCEPTIONS=0"],
        "msvs_settings": {
          "VCCLCompilerTool": {
            "AdditionalOptions!": ["/std:c++17", "-std:c++17"],
            "AdditionalOptions": ["/std:c++20", "/Zc:__cplusplus", "/utf-8"],
            "ExceptionHandling": 0,
            "RuntimeTypeInfo": "false",
            "Optimization": 2,
            "WarningLevel": 3,
          },
        },
      }],
    ],
  },
  "targets": [
    {
      "target_name": "pulsing",
      # Every .cc of the core and of the Node-API part; new files are found by themselves.
      "sources": [
        "<!@(node -p \"['core','node'].map(d=>fs.readdirSync('native/'+d).filter(f=>f.endsWith('.cc')&&f!=='v8_bridge.cc').map(f=>'native/'+d+'/'+f).join(' ')).join(' ')\")",
      ],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": [
        "NAPI_VERSION=9",
        "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS",
        # A call that fails because its thread is being terminated can't throw there: that must not end the process.
        "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS",
      ],
      "cflags_cc": ["-fno-exceptions", "-fno-rtti"],
    },
    {
      # Bound to one V8 version, and optional: without it the engine copies where this would move.
      "target_name": "pulsing_v8",
      "sources": ["native/node/v8_bridge.cc"],
      "include_dirs": ["<!(node -e \"require('nan')\")"],
      # Node is built without RTTI, so a class that derives from one of V8's must be too.
      "cflags_cc": [
        "-fno-exceptions",
        "-fno-rtti",
        # What the headers of V8 and nan are not free of.
        "-Wno-unused-parameter",
        "-Wno-cast-function-type",
        "-Wno-deprecated-declarations",
      ],
    },
  ],
}
