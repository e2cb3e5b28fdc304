namespace Orleans.Runtime;

/// <summary>Makes references for one silo or client. Thread-safe.</summary>
internal sealed class GrainFactory(CallRuntime runtime, GrainTypeTable types, LocalObservers observers, IServiceProvider services) : IInternalGrainFactory, IClusterClient
{
    public IServiceProvider ServiceProvider => services;

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidKey => (TGrainInterface)Get(typeof(TGrainInterface), GrainIdKeyExtensions.CreateGuidKey(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerKey => (TGrainInterface)Get(typeof(TGrainInterface), GrainIdKeyExtensions.CreateIntegerKey(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(string primaryKey, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithStringKey => (TGrainInterface)Get(typeof(TGrainInterface), TextKey(primaryKey), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(Guid primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithGuidCompoundKey =>
        (TGrainInterface)Get(typeof(TGrainInterface), GrainIdKeyExtensions.CreateGuidKey(primaryKey, Extension(keyExtension)), grainClassNamePrefix);

    public TGrainInterface GetGrain<TGrainInterface>(long primaryKey, string keyExtension, string? grainClassNamePrefix = null)
        where TGrainInterface : IGrainWithIntegerCompoundKey =>
        (TGrainInterface)Get(typeof(TGrainInterface), GrainIdKeyExtensions.CreateIntegerKey(primaryKey, Extension(keyExtension)), grainClassNamePrefix);

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey) => (IGrain)Get(grainInterfaceType, GrainIdKeyExtensions.CreateGuidKey(grainPrimaryKey), null);

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey) => (IGrain)Get(grainInterfaceType, GrainIdKeyExtensions.CreateIntegerKey(grainPrimaryKey), null);

    public IGrain GetGrain(Type grainInterfaceType, string grainPrimaryKey) => (IGrain)Get(grainInterfaceType, TextKey(grainPrimaryKey), null);

    public IGrain GetGrain(Type grainInterfaceType, Guid grainPrimaryKey, string keyExtension) =>
        (IGrain)Get(grainInterfaceType, GrainIdKeyExtensions.CreateGuidKey(grainPrimaryKey, Extension(keyExtension)), null);

    public IGrain GetGrain(Type grainInterfaceType, long grainPrimaryKey, string keyExtension) =>
        (IGrain)Get(grainInterfaceType, GrainIdKeyExtensions.CreateIntegerKey(grainPrimaryKey, Extension(keyExtension)), null);

    public TGrainInterface GetGrain<TGrainInterface>(GrainId grainId)
        where TGrainInterface : IAddressable => (TGrainInterface)runtime.GetReference(grainId, typeof(TGrainInterface));

    public IAddressable GetGrain(GrainId grainId) => runtime.GetReference(grainId);

    public IAddressable GetGrain(GrainId grainId, GrainInterfaceType interfaceType) =>
        interfaceType.IsDefault ? runtime.GetReference(grainId) : (IAddressable)runtime.GetReference(grainId, GrainInterface.Of(interfaceType, runtime.Pool.Manifest).Type);

    public IAddressable GetGrain(Type interfaceType, IdSpan grainKey) => Get(interfaceType, grainKey, null);

    public IAddressable GetGrain(Type interfaceType, IdSpan grainKey, string grainClassNamePrefix) => Get(interfaceType, grainKey, grainClassNamePrefix);

    public TInterface GetSystemTarget<TInterface>(GrainType grainType, SiloAddress destination)
        where TInterface : ISystemTarget =>
        (TInterface)runtime.GetReference(SystemTarget.IdOf(grainType, destination), typeof(TInterface), destination);

    public TGrainObserverInterface CreateObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
        ThrowInGrain();
        var reference = (TGrainObserverInterface)observers.Add(obj, typeof(TGrainObserverInterface));
        return reference;
    }

    public void DeleteObjectReference<TGrainObserverInterface>(IGrainObserver obj)
        where TGrainObserverInterface : IGrainObserver
    {
        ThrowInGrain();
        if (obj is not GrainReference reference)
        {
            throw new ArgumentException("The argument is not a reference. Pass what CreateObjectReference has returned.", nameof(obj));
        }

        observers.Remove(reference);
    }

    private static void ThrowInGrain()
    {
        if (RuntimeContext.Current is { } context)
        {
            throw new InvalidOperationException(
                $"Grain {context.GrainId} cannot have observer objects. Let the grain implement the observer interface and pass this.AsReference<T>().");
        }
    }

    private static IdSpan TextKey(string key)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(key);
        return IdSpan.Create(key);
    }

    private static string Extension(string extension)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(extension);
        return extension;
    }

    private IAddressable Get(Type interfaceType, IdSpan key, string? classPrefix)
    {
        ArgumentNullException.ThrowIfNull(interfaceType);
        return (IAddressable)runtime.GetReference(new GrainId(types.Resolve(interfaceType, classPrefix), key), interfaceType);
    }
}
