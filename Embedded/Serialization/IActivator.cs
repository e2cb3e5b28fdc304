namespace Orleans.Serialization.Activators;

/// <summary>Creates the objects that are filled when a message is read.</summary>
/// <remarks>Implementations carry <see cref="RegisterActivatorAttribute"/>, get services by constructor, and are shared by all threads.</remarks>
public interface IActivator<T>
{
    /// <summary>A new object.</summary>
    T Create();
}
