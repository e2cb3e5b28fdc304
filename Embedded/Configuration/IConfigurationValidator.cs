namespace Orleans;

/// <summary>Checks configuration when a host starts.</summary>
public interface IConfigurationValidator
{
    /// <summary>Throws if the configuration cannot work.</summary>
    /// <exception cref="Runtime.OrleansConfigurationException">What is wrong.</exception>
    void ValidateConfiguration();
}
