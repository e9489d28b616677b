// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.30;

import {Published} from "./Published.sol";

interface IKernelFactory {
    function createAccount(bytes calldata data, bytes32 salt) external payable returns (address);
}

interface IKernel {
    function initialize(
        bytes21 rootValidator,
        address hook,
        bytes calldata validatorData,
        bytes calldata hookData,
        bytes[] calldata initConfig
    ) external;
}

interface INexusBootstrap {
    function initNexusWithSingleValidator(
        address validator,
        bytes calldata data,
        address registry,
        address[] calldata attesters,
        uint8 threshold
    ) external;
}

/// @dev A module and what it is installed with, for the bootstraps of the reference account.
struct ModuleInit {
    address module;
    bytes data;
}

interface IReferenceBootstrap {
    function initMSA(
        ModuleInit[] calldata validators,
        ModuleInit[] calldata executors,
        ModuleInit calldata hook,
        ModuleInit[] calldata fallbacks
    ) external;
}

interface IInitialisedOnce {
    function initializeAccount(bytes calldata data) external payable;
}

/// @notice ERC-7579 accounts of others as Rhinestone's modulekit carries them: compiled, as
/// constants of Solidity files. Nothing else of that package is used, so `package.json` overrides
/// its dependencies, most of which name branches of git repositories.
abstract contract Modulekit is Published {
    string private constant FILES =
        "node_modules/@rhinestone/modulekit/src/deployment/precompiles/";

    /// @dev ZeroDev's Kernel 3, with a validator as root.
    function newKernel(address entryPoint, address validator, bytes memory data)
        internal
        returns (address)
    {
        address implementation = create(
            abi.encodePacked(
                bytecode("KernelPrecompiles.sol", "KERNEL_BYTECODE"), abi.encode(entryPoint)
            )
        );
        address factory = create(
            abi.encodePacked(
                bytecode("KernelPrecompiles.sol", "KERNEL_FACTORY_BYTECODE"),
                abi.encode(implementation)
            )
        );
        // One byte says that the identifier is that of a validator.
        bytes21 root = bytes21(abi.encodePacked(uint8(1), validator));
        bytes memory initialise =
            abi.encodeCall(IKernel.initialize, (root, address(0), data, "", new bytes[](0)));
        return IKernelFactory(factory).createAccount(initialise, 0);
    }

    /// @dev Biconomy's Nexus, without a registry of modules.
    function newNexus(address entryPoint, address validator, bytes memory data)
        internal
        returns (address)
    {
        address implementation = create(
            abi.encodePacked(
                bytecode("NexusPrecompiles.sol", "NEXUS_BYTECODE"), abi.encode(entryPoint)
            )
        );
        address bootstrap = create(bytecode("NexusPrecompiles.sol", "NEXUS_BOOTSTRAP_BYTECODE"));
        bytes memory initialise = abi.encodeCall(
            INexusBootstrap.initNexusWithSingleValidator,
            (validator, data, address(0), new address[](0), 0)
        );
        return proxy(
            "NexusPrecompiles.sol",
            "NEXUS_PROXY_BYTECODE",
            implementation,
            abi.encode(bootstrap, initialise)
        );
    }

    /// @dev The reference implementation of ERC-7579.
    function newReferenceAccount(address validator, bytes memory data) internal returns (address) {
        address implementation = create(bytecode("ERC7579Precompiles.sol", "ERC7579_BYTECODE"));
        address bootstrap = create(bytecode("ERC7579Precompiles.sol", "ERC7579_BOOTSTRAP_BYTECODE"));
        ModuleInit[] memory validators = new ModuleInit[](1);
        validators[0] = ModuleInit(validator, data);
        bytes memory initialise = abi.encodeCall(
            IReferenceBootstrap.initMSA,
            (validators, new ModuleInit[](0), ModuleInit(address(0), ""), new ModuleInit[](0))
        );
        return proxy(
            "ERC7579Precompiles.sol",
            "MSAPROXY_BYTECODE",
            implementation,
            abi.encode(bootstrap, initialise)
        );
    }

    function proxy(
        string memory file,
        string memory name,
        address implementation,
        bytes memory init
    ) private returns (address) {
        return create(
            abi.encodePacked(
                bytecode(file, name),
                abi.encode(
                    implementation, abi.encodeCall(IInitialisedOnce.initializeAccount, (init))
                )
            )
        );
    }

    /// @dev The constant's value: what stands between hex" and ".
    function bytecode(string memory file, string memory name) private view returns (bytes memory) {
        string memory source = vm.readFile(string.concat(FILES, file));
        string memory rest = vm.split(source, string.concat("constant ", name, " ="))[1];
        string memory digits = vm.split(rest, '"')[1];
        return vm.parseBytes(string.concat("0x", digits));
    }

    function create(bytes memory initcode) private returns (address created) {
        assembly ("memory-safe") {
            created := create(0, add(initcode, 0x20), mload(initcode))
        }
        require(created != address(0), "deployment failed");
    }
}
