//! What names of the systems' libraries say that their caller can do: exact names only.

use customs_model::Ability;

/// What a function of the system says. A name as it stands in the table: decorated by
/// macOS with a line in front, by versions behind `@` or `$`.
pub(super) fn of_native(name: &str) -> Option<Ability> {
    if let Some(ability) = of_class(name) {
        return Some(ability);
    }
    let bare = name.split(['@', '$']).next().unwrap_or(name);
    exact(bare)
        .or_else(|| exact(bare.strip_prefix('_')?))
        // Windows has two of each: for two kinds of text.
        .or_else(|| both(bare.strip_suffix(['A', 'W'])?))
        .or_else(|| both(bare))
        .or_else(|| mines(bare).then_some(Ability::Mines))
}

/// Classes of macOS.
fn of_class(name: &str) -> Option<Ability> {
    match name.split_once("OBJC_CLASS_$_")?.1 {
        "NSURLSession" | "NSURLConnection" | "NSURLDownload" | "NWConnection" => {
            Some(Ability::Network)
        }
        "NSTask" | "NSWorkspace" | "NSAppleScript" => Some(Ability::Process),
        _ => None,
    }
}

/// What a library says by itself. That one is linked says little; these are linked for
/// one thing.
pub(super) fn of_library(name: &str) -> Option<Ability> {
    let name = name.rsplit('/').next().unwrap_or(name).to_ascii_lowercase();
    let stem = name.split('.').next().unwrap_or(&name);
    match stem {
        "winhttp" | "wininet" | "urlmon" | "libcurl" | "libcurl-gnutls" | "libssh" | "libssh2"
        | "libzmq" => Some(Ability::Network),
        _ => None,
    }
}

#[allow(clippy::too_many_lines, reason = "a table")]
fn exact(name: &str) -> Option<Ability> {
    Some(match name {
        // Sockets and names.
        "connect" | "socket" | "accept" | "accept4" | "listen" | "sendto" | "recvfrom" | "send"
        | "recv" | "getaddrinfo" | "gethostbyname" | "gethostbyname2" | "gethostbyname_r"
        | "gethostbyaddr" | "res_query" | "__res_query" | "res_search" | "__res_search"
        | "res_nquery" | "__res_nquery" | "WSAStartup" | "WSAConnect" | "WSASend" | "WSARecv"
        | "WSASendTo" | "GetAddrInfoW" | "GetAddrInfoExW" | "GetAddrInfoExA" | "DnsQuery_A"
        | "DnsQuery_W" | "DnsQuery_UTF8" => Ability::Network,
        // Requests.
        "curl_easy_init"
        | "curl_easy_perform"
        | "curl_multi_perform"
        | "SSL_connect"
        | "BIO_new_connect"
        | "uv_tcp_connect"
        | "uv_getaddrinfo"
        | "uv_udp_send"
        | "WinHttpOpen"
        | "WinHttpConnect"
        | "WinHttpSendRequest"
        | "WinHttpOpenRequest"
        | "CFStreamCreatePairWithSocketToHost"
        | "CFSocketConnectToAddress"
        | "CFHTTPMessageCreateRequest"
        | "CFReadStreamCreateForHTTPRequest"
        | "nw_connection_create" => Ability::Network,
        // Processes.
        "execve"
        | "execv"
        | "execvp"
        | "execvpe"
        | "execvP"
        | "execl"
        | "execlp"
        | "execle"
        | "fexecve"
        | "execveat"
        | "posix_spawn"
        | "posix_spawnp"
        | "fork"
        | "vfork"
        | "forkpty"
        | "system"
        | "popen"
        | "wordexp"
        | "uv_spawn"
        | "g_spawn_async"
        | "g_spawn_sync"
        | "g_spawn_command_line_async"
        | "g_spawn_command_line_sync"
        | "WinExec"
        | "wsystem"
        | "wpopen"
        | "spawnl"
        | "spawnlp"
        | "spawnv"
        | "spawnvp"
        | "spawnve"
        | "wspawnl"
        | "wspawnv"
        | "wspawnvp"
        | "wexecv"
        | "wexecvp"
        | "NtCreateUserProcess"
        | "RtlCreateUserProcess"
        | "LSOpenCFURLRef"
        | "AuthorizationExecuteWithPrivileges" => Ability::Process,
        // Other processes.
        "ptrace"
        | "process_vm_writev"
        | "task_for_pid"
        | "mach_vm_write"
        | "WriteProcessMemory"
        | "VirtualAllocEx"
        | "CreateRemoteThread"
        | "CreateRemoteThreadEx"
        | "NtCreateThreadEx"
        | "NtWriteVirtualMemory"
        | "QueueUserAPC" => Ability::Process,
        // More code.
        "dlopen"
        | "dlmopen"
        | "fdlopen"
        | "dlsym"
        | "dlvsym"
        | "uv_dlopen"
        | "memfd_create"
        | "LdrLoadDll"
        | "GetProcAddress"
        | "LdrGetProcedureAddress"
        | "NSLinkModule"
        | "NSCreateObjectFileImageFromMemory" => Ability::LoadsCode,
        // Files.
        "open" | "open64" | "openat" | "openat64" | "fopen" | "fopen64" | "freopen" | "creat"
        | "unlink" | "unlinkat" | "rename" | "renameat" | "remove" | "opendir" | "fdopendir"
        | "mkdir" | "symlink" | "wfopen" | "wopen" | "uv_fs_open" | "uv_fs_unlink"
        | "NtCreateFile" | "NtOpenFile" => Ability::Files,
        // Ciphers, and what browsers keep their secrets with.
        "EVP_EncryptInit_ex"
        | "EVP_DecryptInit_ex"
        | "EVP_CipherInit_ex"
        | "EVP_EncryptInit"
        | "EVP_DecryptInit"
        | "AES_encrypt"
        | "AES_decrypt"
        | "CryptEncrypt"
        | "CryptDecrypt"
        | "CryptProtectData"
        | "CryptUnprotectData"
        | "BCryptEncrypt"
        | "BCryptDecrypt"
        | "NCryptDecrypt"
        | "CCCrypt"
        | "CCCryptorCreate"
        | "crypto_secretbox_easy"
        | "crypto_box_easy"
        | "SecKeychainFindGenericPassword"
        | "SecItemCopyMatching" => Ability::Crypto,
        _ => return None,
    })
}

/// Functions of Windows that have a form for each kind of text.
fn both(name: &str) -> Option<Ability> {
    Some(match name {
        "WSASocket"
        | "InternetOpen"
        | "InternetOpenUrl"
        | "InternetConnect"
        | "HttpOpenRequest"
        | "HttpSendRequest"
        | "HttpSendRequestEx"
        | "URLDownloadToFile"
        | "URLDownloadToCacheFile"
        | "URLOpenBlockingStream"
        | "URLOpenStream"
        | "FtpPutFile"
        | "FtpGetFile" => Ability::Network,
        "CreateProcess"
        | "CreateProcessAsUser"
        | "CreateProcessWithLogon"
        | "CreateProcessWithToken"
        | "CreateProcessInternal"
        | "ShellExecute"
        | "ShellExecuteEx" => Ability::Process,
        "LoadLibrary" | "LoadLibraryEx" => Ability::LoadsCode,
        "CreateFile" | "DeleteFile" | "MoveFile" | "MoveFileEx" | "CopyFile" | "CopyFileEx"
        | "FindFirstFile" | "FindFirstFileEx" | "ReplaceFile" => Ability::Files,
        _ => return None,
    })
}

/// What Winsock's functions are called that are imported by number.
pub(super) fn by_number(library: &str, number: u16) -> Option<&'static str> {
    let library = library.to_ascii_lowercase();
    if !matches!(library.split('.').next(), Some("ws2_32" | "wsock32")) {
        return None;
    }
    Some(match number {
        1 => "accept",
        2 => "bind",
        3 => "closesocket",
        4 => "connect",
        13 => "listen",
        16 => "recv",
        17 => "recvfrom",
        19 => "send",
        20 => "sendto",
        23 => "socket",
        52 => "gethostbyname",
        115 => "WSAStartup",
        _ => return None,
    })
}

/// What a module of WebAssembly asks its host for.
pub(super) fn of_wasm(module: &str, name: &str) -> Option<Ability> {
    if module.starts_with("wasi") {
        return match name {
            "proc_exec" | "proc_exec2" | "proc_spawn" | "proc_spawn2" | "proc_fork" => {
                Some(Ability::Process)
            }
            "path_open"
            | "path_unlink_file"
            | "path_rename"
            | "path_remove_directory"
            | "path_create_directory"
            | "path_symlink" => Some(Ability::Files),
            _ if name.starts_with("sock_") || name == "resolve" => Some(Ability::Network),
            _ => None,
        };
    }
    if let Some(inner) = name.strip_prefix("__wbg_") {
        // `__wbg_fetch_8d5b1c2e3f405162`: a function of JavaScript by its name.
        let inner = inner.rsplit_once('_').map_or(inner, |(inner, _)| inner);
        return match inner {
            "fetch" | "sendBeacon" => Some(Ability::Network),
            "eval" | "importScripts" => Some(Ability::LoadsCode),
            _ => None,
        };
    }
    match name {
        "__syscall_connect"
        | "__syscall_socket"
        | "__syscall_sendto"
        | "__syscall_recvfrom"
        | "__syscall_accept4"
        | "__syscall_listen"
        | "__syscall_bind"
        | "emscripten_start_fetch"
        | "emscripten_websocket_new"
        | "emscripten_websocket_send_binary"
        | "emscripten_async_wget"
        | "emscripten_async_wget2"
        | "_emscripten_lookup_name"
        | "getaddrinfo" => Some(Ability::Network),
        "__syscall_fork" | "__syscall_execve" | "_emscripten_system" | "emscripten_system"
        | "system" | "popen" | "execve" | "posix_spawn" => Some(Ability::Process),
        "emscripten_run_script"
        | "emscripten_run_script_int"
        | "emscripten_run_script_string"
        | "emscripten_async_run_script"
        | "emscripten_async_load_script"
        | "_dlopen_js"
        | "_emscripten_dlopen_js"
        | "dlopen" => Some(Ability::LoadsCode),
        "__syscall_openat" | "__syscall_open" | "__syscall_unlinkat" | "__syscall_renameat" => {
            Some(Ability::Files)
        }
        _ => mines(name).then_some(Ability::Mines),
    }
}

/// The functions of known miners.
pub(super) fn mines(name: &str) -> bool {
    matches!(
        name.trim_start_matches('_'),
        "cn_slow_hash"
            | "cn_fast_hash"
            | "cryptonight"
            | "cryptonight_hash"
            | "cryptonight_create"
            | "cryptonight_destroy"
            | "hash_cn"
            | "randomx_create_vm"
            | "randomx_init_cache"
            | "randomx_calculate_hash"
            | "yespower_hash"
            | "argon2d_ar2_hash"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_exact_whatever_decorates_them() {
        assert_eq!(of_native("connect"), Some(Ability::Network));
        assert_eq!(of_native("_connect"), Some(Ability::Network));
        assert_eq!(of_native("_open$INODE64"), Some(Ability::Files));
        assert_eq!(of_native("execve@GLIBC_2.2.5"), Some(Ability::Process));
        assert_eq!(of_native("CreateProcessW"), Some(Ability::Process));
        assert_eq!(of_native("LoadLibraryExA"), Some(Ability::LoadsCode));
        assert_eq!(of_native("_OBJC_CLASS_$_NSTask"), Some(Ability::Process));
        assert_eq!(of_native("_popen"), Some(Ability::Process));
        assert_eq!(of_native("reconnect"), None);
        assert_eq!(of_native("_ZN2v86Object3SetEv"), None);
        assert_eq!(of_native("napi_create_function"), None);
        assert_eq!(of_native(""), None);
    }

    #[test]
    fn leaving_is_no_process_of_its_own() {
        let wasi = "wasi_snapshot_preview1";
        assert_eq!(of_wasm(wasi, "proc_exit"), None);
        assert_eq!(of_wasm(wasi, "sock_send"), Some(Ability::Network));
        assert_eq!(of_wasm(wasi, "path_open"), Some(Ability::Files));
        assert_eq!(
            of_wasm("wbg", "__wbg_fetch_8d5b1c2e3f405162"),
            Some(Ability::Network)
        );
        assert_eq!(of_wasm("wbg", "__wbg_newnoargs_8d5b1c2e3f405162"), None);
        assert_eq!(of_wasm("env", "abort"), None);
    }

    #[test]
    fn numbers_of_winsock_have_names() {
        assert_eq!(by_number("WS2_32.dll", 4), Some("connect"));
        assert_eq!(by_number("oleaut32.dll", 4), None);
    }
}
