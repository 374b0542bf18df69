//! What makers of environments write, known by its digest: `venv` of CPython 3.8 to 3.13, virtualenv
//! 20.26 to 21.15, uv 0.8 and 0.13. Measured; a script of any other version is told as made here.
//!
//! The digest is over the script with what differs between environments in a [`plain`] form. Nothing
//! else may differ, not by a blank: a shell runs these files.

use customs_model::Digest;

/// A script without what is its environment's own: its folder, the prompt, the minor version of
/// Python. In their places stand marks that no script holds, so that each script has one such form,
/// and each form one script. None where a value could be more than a name to some shell.
pub(super) fn plain(
    text: &str,
    folder: &str,
    prompt: Option<&str>,
    minor: Option<u8>,
) -> Option<String> {
    let is_plain_path = folder.starts_with('/')
        && folder.len() > 1
        && folder
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/._-+@".contains(c));
    if !is_plain_path || text.contains('\0') || !prompt.is_none_or(is_name) {
        return None;
    }
    let text = text.replace(folder, "\0D");
    let text = match minor {
        Some(minor) => text.replace(&format!("/python3.{minor}/"), "/python\0V/"),
        None => text,
    };
    Some(match prompt {
        Some(prompt) => without_prompt(&text, prompt),
        None => text,
    })
}

/// Whether a prompt is a word and nothing else to every shell.
pub(super) fn is_name(prompt: &str) -> bool {
    !prompt.is_empty()
        && !prompt.starts_with('-')
        && prompt
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

/// The prompt is marked where makers put one; elsewhere the same word is the script's own.
fn without_prompt(text: &str, prompt: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(prompt) {
        out.push_str(before);
        let opens = out.ends_with(['"', '\'', '(', '=', 'x'])
            || out.ends_with("VIRTUAL_ENV_PROMPT ")
            || out.ends_with("4B8BBE) ");
        let ends = !behind.starts_with(|c: char| c.is_alphanumeric() || "_-".contains(c));
        out.push_str(if opens && ends { "\0P" } else { prompt });
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// Whether a maker of environments writes this as `name`, by its plain form.
pub(super) fn is_known(name: &str, plain: &str) -> bool {
    let digest = Digest::sha256(plain.as_bytes()).to_hex();
    SCRIPTS
        .iter()
        .any(|(script, known)| *script == name && *known == digest)
}

/// Whether virtualenv (until 20) and uv (until 0.8) write this into `site-packages`.
pub(super) fn is_known_hook(name: &str, found: &Digest) -> bool {
    let hex = found.to_hex();
    HOOKS
        .iter()
        .any(|(hook, known)| *hook == name && *known == hex)
}

/// SHA-256.
const HOOKS: [(&str, &str); 3] = [
    (
        "_virtualenv.pth",
        "69ac3d8f27e679c81b94ab30b3b56e9cd138219b1ba94a1fa3606d5a76a1433d",
    ),
    (
        "_virtualenv.py",
        "0f20351ea7e90039c46d3fabdef991f28b1e3ff33eb13ee6f0d5cd21ea0e8b14",
    ),
    (
        "_virtualenv.py",
        "6cf30c56faf2a55228914dbbd17f8088ed371ebb08f5e7fa6fd931f913fcaf1d",
    ),
];

/// SHA-256 of plain forms, sorted.
const SCRIPTS: [(&str, &str); 113] = [
    (
        "Activate.ps1",
        "07c71e3f4cd0102046dd9f9a5fef4cab50326dd5ae859b078096196039977c1e",
    ),
    (
        "Activate.ps1",
        "301c7409eb312db5cf09dbeaea27972830ca88ac19df9d0914fdbb137aeb78a1",
    ),
    (
        "Activate.ps1",
        "3795a060dea7d621320d6d841deb37591fadf7f5592c5cb2286f9867af0e91df",
    ),
    (
        "Activate.ps1",
        "3b9e94a2759d68c031f5578851d0b160ce1970bdd580c14b81f40f473be6f15a",
    ),
    (
        "Activate.ps1",
        "7fa10ca6c25d69925ce61f1f892559a568214387d3a6c508cb6f3b2dc122acfd",
    ),
    (
        "Activate.ps1",
        "919f4875da65f30c48bd99129f078902d83d37fe8d18dfe7c936b12085bef6b1",
    ),
    (
        "Activate.ps1",
        "9f02f0896d9b76f679d8e9ec40a2f582fe221b0d90ee6f2db12cf5cc8d137944",
    ),
    (
        "Activate.ps1",
        "eb8ce20f580877d300c4fed60a7f36daa18715d35c50bb3596d6995d023b4ffe",
    ),
    (
        "activate",
        "02850382138129d415a9e749db06f1343ee8e78ca3e6e61311b76e8829b0ce8a",
    ),
    (
        "activate",
        "03cf5444b6318fb5cf5889ae8f084587fd290caaed8074f5105cbe7b07582d5a",
    ),
    (
        "activate",
        "070ce851ad1d49c4547c16592ab738e853c4fdb395a49eb4410ab5a83e7276e4",
    ),
    (
        "activate",
        "1035e6b2f56d638f2fa41b88a324d3c2ba78f612170d38987cf11cad26a57ea1",
    ),
    (
        "activate",
        "11357af95e5b46c566cdb3b0528479af8ae6a3aeb24320819cffea3fa257337e",
    ),
    (
        "activate",
        "1901235e9269370f06102b81067dcb27a6ec7233998837b596ce8045e53e6d7c",
    ),
    (
        "activate",
        "1afbc24226bcfdc79cb8a70a00906acacf61f973885d8d1b0c3309329b1dd60a",
    ),
    (
        "activate",
        "30ad4a722dd0d992fdd0b68d3f30cd09cdee74b0a5711bb0c379911c502e1757",
    ),
    (
        "activate",
        "3a90d6c5e859bb5305699b10364196ab1f850b50fb793d31ac4dda0419f0fb8a",
    ),
    (
        "activate",
        "46e56b31190d3fbd4de9831a25300cce4bc606a1f241ca7a576fd99cb2aa1649",
    ),
    (
        "activate",
        "555887b17787aa3205e24fd8d56c6378caa06e682b3ca14902a6fe2d9eff7fb6",
    ),
    (
        "activate",
        "568de235d0b1e370ee69f5d6817d594edbdd8220b948ed5755fe40305da4a648",
    ),
    (
        "activate",
        "5b6e526e31878a5f9eb918c7082aa699e8cfe4dc79c0b2790829899d53b796a4",
    ),
    (
        "activate",
        "655ba68b08074b4a32e335f93e27e9c7a33728be71a620b2e5cc4c5013dd0e08",
    ),
    (
        "activate",
        "8adcc1e7072b8fe85f93697ad76d4f35c9bb27e0cbc5cf335fff181a4f4c5a4c",
    ),
    (
        "activate",
        "9b36f84997a1acad90ba66bede6e5f7c3d0baf4ad252596e8bc2d60f6281391c",
    ),
    (
        "activate",
        "a4e20a5ea19ad3a5ec2540442e8eea2a0eebc7a43b492d1f84760a1d43f03244",
    ),
    (
        "activate",
        "adb4dd1f1db14ab989bda52d42631124de12d4b96ff706ace819735103380db8",
    ),
    (
        "activate",
        "af8c2dea931beb9a6e6607637d9a391458020d36f2a9bd5abed063a55c949766",
    ),
    (
        "activate",
        "b0d1fc426e8f4d8906a650a22be0584e23ee13659ac61aa9eb7320bb337ebd01",
    ),
    (
        "activate",
        "b0fd66327f38e11ffb6274aa2221eb5db334178a344b761b1bb4681143e13c62",
    ),
    (
        "activate",
        "badd46125683c0a28e636215e1167c6bb45bf1e2936973ed4baffc212cefe1d6",
    ),
    (
        "activate",
        "d7289748b605e68bb3d88903c164a039699c533e7491cc0b27baa4a48e73f617",
    ),
    (
        "activate",
        "e4f3119e79474eb047f845d8929b7f33c2e9201ff0216c65506acd8ddf9003f0",
    ),
    (
        "activate.bat",
        "10406eee3891fcf98b79a0495798b89051130b4acdd8d6f2139ab1a9d018a31d",
    ),
    (
        "activate.bat",
        "59041feb599dc52a96ff22ed1c48af1a40ee14c4d8e4d7dd4fa51ba1a6d6deeb",
    ),
    (
        "activate.csh",
        "0d8f67b5ec066c3393026feb1dd1b5ce87d0ce13efbbcb335cb6e0f6e9e60394",
    ),
    (
        "activate.csh",
        "1130b61589348a6014b52e384db9523c9bbd29c18a3078ec82b8f9eee1f26674",
    ),
    (
        "activate.csh",
        "1deafbf039b406a7d8c19c855ba1bd07fe71daba69d5b8d95ad0575aeac62e6b",
    ),
    (
        "activate.csh",
        "2110c1be0608837176c2848b8ff22d1ae028156a2359890d646d6e5b4cc80d59",
    ),
    (
        "activate.csh",
        "340e0e59b9b9690f0a67b65db370e313780d8f07bebbc65fd55a4534657142e7",
    ),
    (
        "activate.csh",
        "3948006cfd2b5e6bbda0b81f38c9acbe883fc26402965e4ce1d62843fbd4ce03",
    ),
    (
        "activate.csh",
        "3b5f44cddf0be5bf7a43e679e870ef7e6b72ee4f84c28e592dbde352a8a9c3b7",
    ),
    (
        "activate.csh",
        "5d2042a02c0b2113e009c91826d9e9901e3e7f0e1fbbd1dd0a8ad9b673b88955",
    ),
    (
        "activate.csh",
        "67a76e2d8255e09b43a64cc4964091bc464e36a142b6edbec4af6c94151f237d",
    ),
    (
        "activate.csh",
        "700f09f5ce1b87e5b930100490044ddeed10761dd76b27ebf80a145940aa9b3c",
    ),
    (
        "activate.csh",
        "735ef33ce078fb397936e09c04fcfc13cfbf4d7429e115f4a04fcecd62bf9e6e",
    ),
    (
        "activate.csh",
        "8104ce45d4be81dab4495843558e4530fb73c789af1faf1af08da1a4c75e5e26",
    ),
    (
        "activate.csh",
        "8667cab0948376aec82c140b7180574202e521f8ac8c1e3d85a33a90973d8301",
    ),
    (
        "activate.csh",
        "88cdce35fe75d9cc2678d4c6fb6123f9ee76bea8c6f06dd23948030d7b2a1fc4",
    ),
    (
        "activate.csh",
        "8a110d53a861f191a01c2e1df2f5fe24729e6d2bf425cb3da77ff599f52c6930",
    ),
    (
        "activate.csh",
        "8ed07f4a5e77e97505d1faf63f433a47a0949fa2a3e8052942fae9ed1cfda6df",
    ),
    (
        "activate.csh",
        "9086926706784a1ef193b0c5fcfaf95a342215f8c73a022e0c6389173d5f2075",
    ),
    (
        "activate.csh",
        "942f2cfc894e85e64f8c2774e1bb772938d06b17aa9b569ea0deb3b9fc52ed35",
    ),
    (
        "activate.csh",
        "ce3701a8fc9db86363502f8c618082b6f85c5ebe3ae647c5c9b4719467c77114",
    ),
    (
        "activate.csh",
        "cedb6de4f00994717e1468e7870ee4b890e5ea19d84e3e0715344df925d5c74d",
    ),
    (
        "activate.csh",
        "d6196319dd739ddd6da25ad571b2d528d4ede97b70cd2862ce1fc56f31e834ad",
    ),
    (
        "activate.csh",
        "e059fb65bb28c7539fab0756af18abb6e10c9d39a547ad2f91100532c4a2ec52",
    ),
    (
        "activate.fish",
        "03578b6525d7e8c55ae2148f70a427897b9c4b03ed7ccd1e9cdc6c654c0f100b",
    ),
    (
        "activate.fish",
        "03b01d9809b2ce1dffb7218b163ca2049ef647999cc8ae5f287c098a39d1ca63",
    ),
    (
        "activate.fish",
        "04b2ee5406a8bf7499a8391cd208d623d687983c7c6fa719baaa7bc46e70bc7a",
    ),
    (
        "activate.fish",
        "1826662d54359c4cefa82412ca0a32a39c3c4767c51d674b66dba7237e5ca599",
    ),
    (
        "activate.fish",
        "23b285c4e24a4370905dd4f3f129fb5a86a0aa7f29eb99cdc7d74943cdf0edd5",
    ),
    (
        "activate.fish",
        "28403111e42ca9474175d51100ac85f9d7ed460dfe1a29f8a6a8af1f6a1a1414",
    ),
    (
        "activate.fish",
        "298f837dbe8b559fdb1b971784147ebd3da5fd0daaf6508ecdfff88872a98586",
    ),
    (
        "activate.fish",
        "356b6e09ad00680ed3f3b4efac49b7cf9c1d511ce8fb16d8f84e9c471acb4343",
    ),
    (
        "activate.fish",
        "4ce6b993094ae43fa0416b33993ee42507a7def88e0d86354ceb3759e9c1fe26",
    ),
    (
        "activate.fish",
        "5e7c4bdfba180c5ba0db71fa2a5e9206cece74b155b62eb3c1c0219bc99b6a33",
    ),
    (
        "activate.fish",
        "66445a6a7f32b828ed5dcd16c878c84799cc6aad2c86e67d31c9108db7ffed83",
    ),
    (
        "activate.fish",
        "70c28f10b103d7f06cefc6c65c7803e712510594482f6b48017fe64598bcecd6",
    ),
    (
        "activate.fish",
        "947692476a650ea6ff4aa783035c3d99d66422a305e70894024c3d1b73d06be6",
    ),
    (
        "activate.fish",
        "9de143ba3cf081bbab38bc587c06d29ce41c2cc5e48b206cdb798356bd36db29",
    ),
    (
        "activate.fish",
        "a07e138e2da5bbb2cb3e9d6f1d5982e0dd63b33730c1cb64bf64fb6fedb8e52a",
    ),
    (
        "activate.fish",
        "c782a38009c8e513f4b77b880afce786d2093bed7ce4dc1ce93da19052943f0c",
    ),
    (
        "activate.fish",
        "c8c21ed9c5e384ed277217c1d69c214a4a335ed328ff620d8715a12b47f8b6a7",
    ),
    (
        "activate.fish",
        "cd0dcc43e6c78bda09d88d85e78c66c5bf952927e200c502f94a8400a61c441a",
    ),
    (
        "activate.fish",
        "d62f6ca87276946ce7ce0325ce3f2a09d82a5672592763fb9b63b24930922f47",
    ),
    (
        "activate.fish",
        "e8d025d911085e4f0f10d7d8bf72f13927e912e9b85901c46a2ad3d6a34507e3",
    ),
    (
        "activate.fish",
        "f1c7a412ef576ee73a19d0489a210b2e60a9996a759fbbbab36b5414e8ab5951",
    ),
    (
        "activate.fish",
        "f7fca4893956049243359efec523e15a85b33da742c8e9c9b6cc5238b946425a",
    ),
    (
        "activate.nu",
        "0ccdaf3c5bfe769bf04772554b720b62abfa8fd2673839b7cf3346cb11624c8b",
    ),
    (
        "activate.nu",
        "1d9a3a2c19ed87370c8457d801dc6dcabe9af2ed0dc0c50c30c2a0105c5e3f34",
    ),
    (
        "activate.nu",
        "817d83ad3c6bea1c27d786f77712d39afc09821a18684663b481615c210e7421",
    ),
    (
        "activate.nu",
        "885a56de4d34b32d1cdd55a95d152b713f875facca59b58f809cc25d217a0a48",
    ),
    (
        "activate.nu",
        "9e4d6dafbd2e4800e59b6403e2b77ed8b30584f6d3027fcf4a2c9944b667c731",
    ),
    (
        "activate.nu",
        "d8a5b5d1b4e8bd0a45dfb29e337cf6052681b2ccd4c58d28cbadbc41b2e5ebb5",
    ),
    (
        "activate.nu",
        "de0ae5f01a9bc5da197bd95ff7205026744ce52c92384a8639706fd4e9792c9f",
    ),
    (
        "activate.nu",
        "e2dc4faf54c5aa3aeb4b17a5019097323902373865ddbdcca70714c38b1adba8",
    ),
    (
        "activate.nu",
        "e585f89be18cdbcc2faa011bd8f90efca34f2455f0e128548788afe472cc0d57",
    ),
    (
        "activate.nu",
        "f646fbb0026989ed769dccdbd95af0d4d0a22e082409ec630b714e61d5f68a27",
    ),
    (
        "activate.ps1",
        "017fbdcbf0c3b2c81d05112806c0222351e71c8cc17afde95e4eea23315939a9",
    ),
    (
        "activate.ps1",
        "0d2b3468e9dfba613ca755032b1e6620412ba562830fa46082e18f772635cf44",
    ),
    (
        "activate.ps1",
        "3448cb6fb2ead404699a1ed8bf7c662e68d5ec1ef63ff2e2bbe50f7eaa58334d",
    ),
    (
        "activate.ps1",
        "5073cd3869e212d3fb92ab26062bd1bcdc0a89579efd5c96132c29286f8ce0d1",
    ),
    (
        "activate.ps1",
        "57c54288f74dc33527355d374ffc4a17dcd6fe0fe9a0b86e3ccbf8d39d1ed229",
    ),
    (
        "activate.ps1",
        "5ca6f0010505010b3431c344afc853673f497627af404c6d4dbaa122cbcb8869",
    ),
    (
        "activate.ps1",
        "78e92217a9380caaccc1a7fe0a5623a878b9ed72f515c42f718c06c908742563",
    ),
    (
        "activate.ps1",
        "97f7e9f27e552ad81342ccb3877894752775a4277260fd040348753a5db63971",
    ),
    (
        "activate.ps1",
        "9ea737dd13a7c083f940138b8716ad8fef12ee2a7ac082a464b8b163939f5119",
    ),
    (
        "activate.ps1",
        "cc121c142b757d5d2e6007dd86d4e5002caf76087ad59b07df3b5fbb41a1b606",
    ),
    (
        "activate.ps1",
        "d1d7d6387dda056f729e08e58b29c5a69f81a66be053130539feec0c3ca9be1a",
    ),
    (
        "activate.xsh",
        "10363a8da7c56346036264c9c3bb9c52351e9602becea769c82cbe7ba24f8f20",
    ),
    (
        "activate.xsh",
        "22a91f46a8aa3abec2c44f42ff33d85c4f47b6f069ee5b98373379eeb624ea18",
    ),
    (
        "activate.xsh",
        "ddca6f81a28082ffb10abca48a9a7e9e03b7e147ed1b80957735fbddedee28a8",
    ),
    (
        "activate.xsh",
        "df312406d0948f4d7aabfda405ebf28b4b59a1099a8d8f16759e15eefff0a910",
    ),
    (
        "activate_this.py",
        "3eae5ec43f09094d629131c5a3a8d94e7b291266ad268b1832274788a49eb938",
    ),
    (
        "activate_this.py",
        "79a78788622f89b0041eac52e65946c29a718768ee71899ce27bfa3cc79b7e80",
    ),
    (
        "activate_this.py",
        "affd8dd0bf2ba11f079c2288aa8e839758708b2410bd7e79bbb616047570e2d2",
    ),
    (
        "activate_this.py",
        "c443f0cd382dfb25f8bcad77f0915b43474914655a17ff6189c16926c4ec1479",
    ),
    (
        "activate_this.py",
        "dd3e41eca9079c6e8b3e1898fb53d8a27b40a644903d00a50846079d3905dac3",
    ),
    (
        "activate_this.py",
        "e43d57ccadcf60c3b92caaec9327dd324eba76cfefbcf79b79c137f8e4712279",
    ),
    (
        "deactivate.bat",
        "13ea86073a9ee43a66e3549312599dd47ff315758b4ca5a0406faf041fb82300",
    ),
    (
        "deactivate.csh",
        "f4df8e1e2ebc6233b70837312a7248ab81aefb6f5b8bd9d089991cdc99163dda",
    ),
    (
        "pydoc.bat",
        "09f9608d478fa48a9e49af8f413cfeaab47773effd185433088b7688ce75890e",
    ),
    (
        "pydoc.bat",
        "2a8eb66d1bc7b73adcd3c6f59e2383e0a7fe9412609c1f9d1870e35035ee6fee",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<String> {
        plain(text, "/srv/env", Some("app"), Some(11))
    }

    #[test]
    fn only_what_is_the_environment_s_own_is_marked() {
        let text = "D='/srv/env'\nP=(app) \nL=/lib/python3.11/x\n# an app\nQ=apple\n";
        assert_eq!(
            of(text).unwrap(),
            "D='\0D'\nP=(\0P) \nL=/lib/python\0V/x\n# an app\nQ=apple\n"
        );
    }

    #[test]
    fn values_that_a_shell_could_take_apart_are_no_values() {
        for folder in [
            "/srv/my env",
            "/srv/$(x)",
            "/srv/a'b",
            "/srv/a;b",
            "env",
            "/",
        ] {
            assert_eq!(plain("x", folder, None, None), None, "{folder}");
        }
        for prompt in ["a evil", "$(x)", "", "-c", "a'b", "a\"", "a\n"] {
            assert_eq!(plain("x", "/srv/env", Some(prompt), None), None, "{prompt}");
        }
        assert_eq!(of("\0D"), None);
    }

    #[test]
    fn a_blank_or_quote_more_is_another_script() {
        let honest = of("D=\"/srv/env\"\n").unwrap();
        for evil in [
            "D=\"/srv/env\" curl \"\"\n",
            "D=\"/srv/env\" \n",
            "D=\"/srv/env/x\"\n",
            "D=\"@\"\n",
            "D=app\"/srv/env\"\n",
        ] {
            assert_ne!(of(evil).unwrap(), honest, "{evil}");
        }
    }
}
