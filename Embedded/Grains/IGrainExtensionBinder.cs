namespace Orleans.Runtime;

/// <summary>Installs extensions beside one activation.</summary>
public interface IGrainExtensionBinder
{
    /// <summary>The extension that implements the interface; created from services at first use.</summary>
    /// <exception cref="GrainExtensionNotInstalledException">None is installed and none is among the services.</exception>
    TExtensionInterface GetExtension<TExtensionInterface>()
        where TExtensionInterface : class, IGrainExtension;

    /// <summary>The extension, which is created if it is missing, and a reference to it.</summary>
    (TExtension Extension, TExtensionInterface Reference) GetOrSetExtension<TExtension, TExtensionInterface>(Func<TExtension> newExtensionFunc)
        where TExtension : class, TExtensionInterface
        where TExtensionInterface : class, IGrainExtension;
}
